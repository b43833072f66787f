import * as z from "zod/mini";
import type { Config } from "../env.ts";
import { type ConversationId, pageId } from "../ids.ts";
import { servedPages } from "../pages/served.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { cursorSchema, PAGE_SIZE, pageSizeSchema } from "./paging.ts";
import { conversationOf, conversationSchema, pageIdSchema, pageOf } from "./target.ts";

/**
 * Dead letters: deliveries the bot has refused, or failed for as long as the schedule goes. Role operator.
 * Airy's conventions: POST, snake_case, lists as `{data, pagination_data}`.
 */

/** Letters replayed by one request; the answer says where to go on. */
const MAX_REPLAYED = 200;

const id = z.string().check(z.regex(/^\w{1,64}$/, "a delivery's id, as in webhook-id"));
const page = pageIdSchema;
const conversation = conversationSchema;

const listBody = z.object({
  page_id: z.optional(page),
  cursor: cursorSchema,
  page_size: pageSizeSchema,
});

/** `POST /deliveries.list`: a page's dead letters, newest first. */
export async function listDeliveries(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const { cursor, page_size = PAGE_SIZE } = body.value;
  const of = await pageOf(body.value.page_id, config, env, caller);
  if (!of.ok) return of.response;
  const { page: owner } = of.setup;
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
export async function deliveryInfo(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, infoBody);
  if (!body.ok) return body.response;
  const conversation = await placeOf(body.value, config, env, caller);
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
  z.object({ since: z.iso.datetime({ offset: true }), page_id: z.optional(page), cursor: cursorSchema }),
]);

/**
 * `POST /deliveries.replay`: takes a delivery, or all of a page that died since a time, to the bot again, under its id.
 * A bot that had answered 410 is asked again.
 */
export async function replayDeliveries(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, replayBody);
  if (!body.ok) return body.response;
  const asked = body.value;
  if ("id" in asked) {
    const conversation = await placeOf(asked, config, env, caller);
    if (!conversation) return unknownDelivery();
    const stub = env.CONVERSATION.getByName(conversation);
    if (!(await stub.delivery(asked.id))) return unknownDelivery();
    await freeBots(env, conversation.slice(0, conversation.indexOf("_")));
    return Response.json({ replayed: await stub.replay([asked.id]), next_cursor: null });
  }
  const of = await pageOf(asked.page_id, config, env, caller);
  if (!of.ok) return of.response;
  const { page: owner } = of.setup;
  const stub = env.PAGE.getByName(owner);
  await freeBots(env, owner);
  const after = asked.cursor ? Number(asked.cursor) : 0;
  const letters = await stub.deadLettersSince(Date.parse(asked.since), after, MAX_REPLAYED);
  let replayed = 0;
  for (const [id, list] of Map.groupBy(letters, (letter) => letter.conversation)) {
    replayed += await env.CONVERSATION.getByName(id).replay(list.map((one) => one.delivery));
  }
  const last = letters.length === MAX_REPLAYED ? letters.at(-1) : undefined;
  return Response.json({ replayed, next_cursor: last ? String(last.seq) : null });
}

/** Whoever replays means to try: also a bot that said it was gone. */
async function freeBots(env: Cloudflare.Env, page: string): Promise<void> {
  const object = env.PAGE.getByName(page);
  await Promise.all([object.free("bot"), object.free("canary")]);
}

interface Asked {
  id: string;
  page_id?: string | undefined;
  conversation_id?: string | undefined;
}

/** Where a delivery is: as the caller says, else where a page that is served here has noted a dead letter of this id. */
async function placeOf(
  { id, page_id, conversation_id }: Asked,
  config: Config,
  env: Cloudflare.Env,
  caller: Caller,
): Promise<ConversationId | undefined> {
  if (conversation_id !== undefined) {
    const found = await conversationOf(conversation_id, config, env, caller);
    return found.ok ? found.target.line.id : undefined;
  }
  const allowed = caller.pages?.map(pageId) ?? (await servedPages(config, env));
  for (const owner of allowed.filter((one) => page_id === undefined || one === page_id)) {
    const letter = await env.PAGE.getByName(owner).deadLetter(id);
    if (letter) return letter.conversation as ConversationId;
  }
  return undefined;
}

const unknownDelivery = () =>
  problem({ status: 404, code: "no_such_delivery", detail: "No such delivery is on record." });
