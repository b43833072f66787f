import * as z from "zod/mini";
import { ConversationLine } from "../conversation/stub.ts";
import type { Config } from "../env.ts";
import { conversationId, type PageId, pageId, partsOf, type UserId } from "../ids.ts";
import { isServed, servedPages } from "../pages/served.ts";
import { type PageSetup, setupOf } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";

/** Which page or conversation a call is about: only those that are served here, and that the caller's key is good for. */

export const pageIdSchema = z.string().check(z.regex(/^\d{1,32}$/, "a page's id"));

export const conversationSchema = z
  .string()
  .check(z.regex(/^\d{1,32}_[\w.:-]{1,128}$/, "a conversation's id, <page_id>_<user_id>"));

export interface Target {
  line: ConversationLine;
  page: PageId;
  user: UserId;
  setup: PageSetup;
}

type Refused = { ok: false; response: Response };
type Found = { ok: true; target: Target } | Refused;

const refused = (status: number, code: string, detail: string): Refused => ({
  ok: false,
  response: problem({ status, code, detail }),
});

/** The page that is named, or the only one there is. */
export async function pageOf(
  named: string | undefined,
  config: Config,
  env: Cloudflare.Env,
  { pages }: Pick<Caller, "pages">,
): Promise<{ ok: true; setup: PageSetup } | Refused> {
  const page = named === undefined ? await onlyPage(config, env, pages) : pageId(named);
  if (page === undefined)
    return refused(400, "page_required", "page_id: name one of the pages that are served here.");
  if (pages && !pages.includes(page))
    return refused(403, "page_not_allowed", "This key is good for other pages.");
  const setup = await setupOf({ config, pages: env.PAGE }, page);
  // Whoever has a token here is served: the one list of all pages is nothing that each message could ask.
  if (setup.token === undefined && !(await isServed(page, config, env)))
    return refused(404, "no_such_page", "No page of this id is served here.");
  return { ok: true, setup };
}

async function onlyPage(
  config: Config,
  env: Cloudflare.Env,
  allowed: readonly string[] | undefined,
): Promise<PageId | undefined> {
  const [only, ...others] = allowed ? allowed.map(pageId) : await servedPages(config, env);
  return others.length === 0 ? only : undefined;
}

/** A conversation of a page that is served here. Whether anything has happened in it, only its object knows. */
export async function conversationOf(
  id: string,
  config: Config,
  env: Cloudflare.Env,
  caller: Pick<Caller, "pages">,
): Promise<Found> {
  const { page, user } = partsOf(id);
  return userOf(page, user, config, env, caller);
}

/** The conversation with a user of the page that is named, or of the only one there is. */
export async function userOf(
  named: string | undefined,
  user: UserId,
  config: Config,
  env: Cloudflare.Env,
  caller: Pick<Caller, "pages">,
): Promise<Found> {
  const of = await pageOf(named, config, env, caller);
  if (!of.ok) return of;
  const { setup } = of;
  const { page } = setup;
  const line = new ConversationLine(env.CONVERSATION, conversationId(page, user));
  return { ok: true, target: { line, page, user, setup } };
}
