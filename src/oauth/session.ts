import * as z from "zod/mini";
import type { Config } from "../env.ts";
import { seal, unseal } from "../pages/sealing.ts";
import { directoryOf } from "../pages/served.ts";
import { type Browser, browserOf, markOf } from "./browser.ts";

/** Somebody who has logged in at Meta, and now chooses pages. */
const sessionSchema = z.object({
  /** The person's, long-lived. */
  token: z.string(),
  /** The app they allowed. */
  app: z.string(),
  /** Whether they were asked for, and granted, what Instagram takes. */
  instagram: z.enum(["granted", "declined", "not_asked"]),
  /** Where they go when they are done. */
  back: z.nullable(z.string()),
  /** Those that can be connected; `null`: all the person looks after. */
  pages: z.nullable(z.array(z.string())),
});
export type Session = z.infer<typeof sessionSchema>;

/** The time to choose, ms. */
const LIFE_MS = 10 * 60_000;

type World = { config: Config; env: Pick<Cloudflare.Env, "DIRECTORY"> };

/** Where this gateway is reached. */
export const originOf = (request: Request, { publicUrl }: Config): string =>
  new URL(publicUrl ?? request.url).origin;

/** Kept sealed for this browser: whoever reads the storage can't use it, nor can another browser. */
export async function keepSession({ config, env }: World, browser: Browser, session: Session): Promise<void> {
  const sealed = await seal(config.sealingKeys, JSON.stringify(session), await ownerOf(browser));
  await directoryOf(env).keepLogin(browser.login, sealed, Date.now() + LIFE_MS);
}

/** @returns `undefined` when the time is up, or for another browser */
export async function sessionOf(
  request: Request,
  { config, env }: World,
): Promise<{ browser: Browser; session: Session } | undefined> {
  const browser = browserOf(request, originOf(request, config));
  const sealed = browser && (await directoryOf(env).loginToken(browser.login));
  if (!browser || !sealed) return undefined;
  const opened = await unseal(config.sealingKeys, sealed, await ownerOf(browser));
  // One that another version of the gateway has kept may look different.
  const session = opened && sessionSchema.safeParse(JSON.parse(opened.text)).data;
  return session && { browser, session };
}

const ownerOf = async (browser: Browser) => ({
  page: `${browser.login} ${await markOf(browser)}`,
  purpose: "login",
});
