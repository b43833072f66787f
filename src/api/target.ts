import * as z from "zod/mini";
import { ConversationLine } from "../conversation/stub.ts";
import type { Config } from "../env.ts";
import { conversationId, type PageId, pageId, partsOf, type UserId } from "../ids.ts";
import { problem } from "../problem.ts";

/** Which conversation a call is about. */

export const conversationSchema = z
  .string()
  .check(z.regex(/^\d{1,32}_[\w.:-]{1,128}$/, "a conversation's id, <page_id>_<user_id>"));

export interface Target {
  line: ConversationLine;
  page: PageId;
  user: UserId;
}

type Found = { ok: true; target: Target } | { ok: false; response: Response };

/** A conversation of a page that is served here. Whether anything has happened in it, only its object knows. */
export function conversationOf(id: string, config: Config, env: Cloudflare.Env): Found {
  const { page, user } = partsOf(id);
  return targetOf(page, user, config, env);
}

/** The conversation with a user of the page that is named, or of the only one there is. */
export function userOf(named: string | undefined, user: UserId, config: Config, env: Cloudflare.Env): Found {
  const [only, ...others] = config.pageTokens.keys();
  const page = named === undefined ? (others.length === 0 ? only : undefined) : pageId(named);
  if (page !== undefined) return targetOf(page, user, config, env);
  const detail = "page_id: name one of the pages that are served here.";
  return { ok: false, response: problem({ status: 400, code: "page_required", detail }) };
}

function targetOf(page: PageId, user: UserId, config: Config, env: Cloudflare.Env): Found {
  if (!config.pageTokens.has(page)) {
    const detail = "No page of this id is served here.";
    return { ok: false, response: problem({ status: 404, code: "no_such_page", detail }) };
  }
  const line = new ConversationLine(env.CONVERSATION, conversationId(page, user));
  return { ok: true, target: { line, page, user } };
}
