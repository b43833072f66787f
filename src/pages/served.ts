import type { Config } from "../env.ts";
import { type PageId, pageId } from "../ids.ts";
import type { Directory } from "./directory.ts";

/** The one object of its class. */
const NAME = "pages";

export const directoryOf = ({ DIRECTORY }: Pick<Cloudflare.Env, "DIRECTORY">): DurableObjectStub<Directory> =>
  DIRECTORY.getByName(NAME);

/** Which pages are served here: those in the secrets, and those that were connected while the gateway runs. */
export async function servedPages(config: Config, env: Cloudflare.Env): Promise<PageId[]> {
  const listed = await directoryOf(env).list();
  const off = new Set(listed.filter((one) => !one.isConnected).map((one) => pageId(one.sourceChannelId)));
  const all = new Set([...config.pageTokens.keys(), ...listed.map((one) => pageId(one.sourceChannelId))]);
  return [...all].filter((page) => !off.has(page));
}

/** Whether a page was ever one of them. */
export async function isServed(page: PageId, config: Config, env: Cloudflare.Env): Promise<boolean> {
  if (config.pageTokens.has(page)) return true;
  return (await directoryOf(env).list()).some((one) => one.sourceChannelId === page);
}
