import * as z from "zod/mini";
import type { Config } from "../env.ts";
import { type ConversationId, type PageId, pageId } from "../ids.ts";
import { problem } from "../problem.ts";
import { readBody } from "./body.ts";

/**
 * Dead letters: deliveries the bot has refused, or failed for as long as the schedule goes. Role operator.
 * Airy's conventions: POST, snake_case, lists as `{data, pagination_data}`.
 */

const PAGE_SIZE = 20;
/** Letters replayed by one request; the answer says where to go on. */
const MAX_REPLAYED = 200;

const id = z.string().check(z.regex(/^\w{1,64}$/, "a delivery's id, as in webhook-id"));
const page = z.string().check(z.regex(/^\d{1,32}$/, "a page's id"));
const conversation = z.string().check(z.regex(/^\d{1,32}_[\w.:-]{1,128}$/, "<page_id>_<user_id>"));
const cursor = z.nullish(z.string().check(z.regex(/^\d{1,15}$/, "a cursor of an earlier answer")));

const listBody = z.object({
  page_id: z.optional(page),
  cursor,
  page_size: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(100))),
});

/** `POST /deliveries.list`: a page's dead letters, newest first. */
export async function listDeliveries(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const { cursor, page_size = PAGE_SIZE } = body.value;
  const owner = pageOf(config, body.value.page_id);
  if (!owner) return whichPage();
  const before = cursor ? Number(cursor) : null;
  const { letters, total } = await env.PAGE.getByName(owner).deadLetters(before, page_size);
  const last = letters.at(-1);
  return Response.json({
    data: letters.map(({ delivery, conversation, at, status, reason }) => ({
      id: delivery,
      state: "dead",
      page_id: owner,
      conversation_id: conversation,
      at: new Date(at).toISOString(),
      status,
      reason,
    })),
    pagination_data: {
      previous_cursor: cursor ?? null,
      next_cursor: letters.length === page_size && last ? String(last.seq) : null,
      total,
    },
  });
}

const infoBody = z.object({ id, page_id: z.optional(page), conversation_id: z.optional(conversation) });

/** `POST /deliveries.info`: a delivery with its attempts, events and messages. */
export async function deliveryInfo(request: Request, config: Config, env: Cloudflare.Env): Promise<Response> {
  const body = await readBody(request, infoBody);
  if (!body.ok) return body.response;
  const conversation = await conversationOf(body.value, config, env);
  const view = conversation && (await env.CONVERSATION.getByName(conversation).delivery(body.value.id));
  if (!view) return unknownDelivery();
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return Response.json({
    id: view.id,
    state: view.outcome,
    conversation_id: conversation,
    at: time(view.at),
    attempts: view.attempts.map((one) => ({
      at: time(one.at),
      status: one.status,
      took_ms: one.tookMs,
      reason: one.reason,
      answer: one.answer,
    })),
    events: view.events.map((one) => ({
      id: one.id,
      type: one.type,
      timestamp: one.at,
      raw: JSON.parse(one.raw),
    })),
    messages: view.messages.map(({ at, body: content, ...message }) => ({
      ...message,
      at: time(at),
      content: JSON.parse(content),
    })),
  });
}

const replayBody = z.union([
  z.object({ id, page_id: z.optional(page), conversation_id: z.optional(conversation) }),
  z.object({ since: z.iso.datetime({ offset: true }), page_id: z.optional(page), cursor }),
]);

/**
 * `POST /deliveries.replay`: takes a delivery, or all of a page that died since a time, to the bot again, under its id.
 * A bot that had answered 410 is asked again.
 */
export async function replayDeliveries(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
): Promise<Response> {
  const body = await readBody(request, replayBody);
  if (!body.ok) return body.response;
  const asked = body.value;
  if ("id" in asked) {
    const conversation = await conversationOf(asked, config, env);
    if (!conversation) return unknownDelivery();
    const stub = env.CONVERSATION.getByName(conversation);
    if (!(await stub.delivery(asked.id))) return unknownDelivery();
    await env.PAGE.getByName(conversation.slice(0, conversation.indexOf("_"))).free("bot");
    return Response.json({ replayed: await stub.replay([asked.id]), next_cursor: null });
  }
  const owner = pageOf(config, asked.page_id);
  if (!owner) return whichPage();
  const stub = env.PAGE.getByName(owner);
  await stub.free("bot");
  const after = asked.cursor ? Number(asked.cursor) : 0;
  const letters = await stub.deadLettersSince(Date.parse(asked.since), after, MAX_REPLAYED);
  let replayed = 0;
  for (const [id, list] of Map.groupBy(letters, (letter) => letter.conversation)) {
    replayed += await env.CONVERSATION.getByName(id).replay(list.map((one) => one.delivery));
  }
  const last = letters.length === MAX_REPLAYED ? letters.at(-1) : undefined;
  return Response.json({ replayed, next_cursor: last ? String(last.seq) : null });
}

interface Asked {
  id: string;
  page_id?: string | undefined;
  conversation_id?: string | undefined;
}

/** Where a delivery is: as the caller says, else where a page that is known here has noted a dead letter of this id. */
async function conversationOf(
  { id, page_id, conversation_id }: Asked,
  config: Config,
  env: Cloudflare.Env,
): Promise<ConversationId | undefined> {
  if (conversation_id !== undefined) {
    const owner = pageId(conversation_id.slice(0, Math.max(0, conversation_id.indexOf("_"))));
    return config.pageTokens.has(owner) ? (conversation_id as ConversationId) : undefined;
  }
  const pages = [...config.pageTokens.keys()].filter((one) => page_id === undefined || one === page_id);
  for (const owner of pages) {
    const letter = await env.PAGE.getByName(owner).deadLetter(id);
    if (letter) return letter.conversation as ConversationId;
  }
  return undefined;
}

/** The page that is meant: the one that is named, or the only one there is. */
function pageOf(config: Config, named: string | undefined): PageId | undefined {
  if (named !== undefined) return config.pageTokens.has(pageId(named)) ? pageId(named) : undefined;
  const [only, ...others] = config.pageTokens.keys();
  return others.length === 0 ? only : undefined;
}

const whichPage = () =>
  problem({
    status: 400,
    code: "page_required",
    detail: "page_id: name one of the pages that are served here.",
  });
const unknownDelivery = () =>
  problem({ status: 404, code: "no_such_delivery", detail: "No such delivery is on record." });
