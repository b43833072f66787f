import * as z from "zod/mini";
import type { ThreadMessage } from "../conversation/thread.ts";
import type { OutgoingBody, Platform } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import { type UserId, userId, userIdOfPhone, userIdOfRef } from "../ids.ts";
import { checkBody } from "../messages/check.ts";
import { rulesOf } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import { encode } from "../utf8.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { requestId, writerOf } from "./conversations.ts";
import { cursorSchema, PAGE_SIZE, pageSizeSchema } from "./paging.ts";
import { conversationOf, conversationSchema, pageIdSchema, type Target, userOf } from "./target.ts";
import { isoTime } from "./time.ts";

/** Messages of both sides: reading them, and writing to the user. Airy's shapes. */

/** More in one request would be a flood, not a message. */
const MAX_MESSAGES = 50;

const recipient = z.looseObject({
  id: z.optional(z.string().check(z.regex(/^[\w.-]{1,128}$/, "a user's id"))),
  user_ref: z.optional(z.string().check(z.regex(/^[\w.:-]{1,120}$/, "a user_ref"))),
  phone_number: z.optional(z.string().check(z.regex(/^\+?[\d\s().-]{6,30}$/, "a phone number"))),
});

const sendBody = z.object({
  conversation_id: z.optional(conversationSchema),
  page_id: z.optional(pageIdSchema),
  user_id: z.optional(z.string().check(z.regex(/^[\w.:-]{1,128}$/, "a user's id"))),
  recipient: z.optional(recipient),
  message: z.optional(z.unknown()),
  messages: z.optional(z.array(z.unknown()).check(z.minLength(1), z.maxLength(MAX_MESSAGES))),
});
type SendBody = z.infer<typeof sendBody>;

/**
 * `POST /messages.send`: accepted in the order of the conversation, then sent. A key of role bot writes as the bot, all
 * others as a person. With `Idempotency-Key`, a request that is repeated is accepted once.
 */
export async function sendMessages(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller, start }: CallContext,
): Promise<Response> {
  const body = await readBody(request, sendBody);
  if (!body.ok) return body.response;
  const asked = body.value;
  const found = await targetOf(asked, config, env, caller);
  if (!found.ok) return found.response;
  const { line, setup } = found.target;
  const { settings } = setup;
  const { platform } = await line.call((stub) => stub.info(settings.handBackMs));
  const checked = bodiesOf(asked, platform, settings.splitText);
  if (!checked.ok) return checked.response;
  const key = request.headers.get("idempotency-key");
  // One id, also for a call that is repeated since its answer was lost.
  const id = key ? await idOf(key, caller.name) : requestId();
  const accepted = await line.call((stub) =>
    stub.send({
      id,
      writer: writerOf(caller),
      bodies: checked.bodies,
      humanAgent: settings.humanAgent,
      rules: rulesOf(setup),
    }),
  );
  if (accepted.refusal) {
    const { code, reason } = accepted.refusal;
    return problem({ status: code === "outbox_full" ? 429 : 409, code, detail: sentence(reason) });
  }
  start(line, accepted.work);
  const shown = accepted.messages.map((one) => messageOf(one, found.target, platform));
  const [only] = shown;
  return Response.json(asked.messages || shown.length > 1 || !only ? { data: shown } : only);
}

const listBody = z.object({
  conversation_id: conversationSchema,
  cursor: cursorSchema,
  page_size: pageSizeSchema,
});

/** `POST /messages.list`: a page of the conversation, oldest first; the first page has the newest. */
export async function listMessages(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const { conversation_id, cursor, page_size = PAGE_SIZE } = body.value;
  const found = await conversationOf(conversation_id, config, env, caller);
  if (!found.ok) return found.response;
  const { line } = found.target;
  const thread = await line.call((stub) => stub.thread(cursor ? Number(cursor) : null, page_size));
  return Response.json({
    data: thread.messages.map((one) => messageOf(one, found.target, thread.platform)),
    pagination_data: {
      previous_cursor: cursor ?? null,
      next_cursor: thread.before === null ? null : String(thread.before),
      total: null,
    },
  });
}

/** Who is written to: a conversation, a user of a page, or someone who is reached by other means. */
async function targetOf(
  asked: SendBody,
  config: Config,
  env: Cloudflare.Env,
  caller: Caller,
): ReturnType<typeof conversationOf> {
  if (asked.conversation_id !== undefined) return conversationOf(asked.conversation_id, config, env, caller);
  const user = asked.user_id === undefined ? userIn(asked.recipient) : userId(asked.user_id);
  if (user) return userOf(asked.page_id, user, config, env, caller);
  const detail = "Say whom to: conversation_id, user_id, or recipient with id, user_ref or phone_number.";
  return { ok: false, response: problem({ status: 400, code: "recipient_required", detail }) };
}

function userIn(recipient: SendBody["recipient"]): UserId | undefined {
  if (recipient?.id !== undefined) return userId(recipient.id);
  if (recipient?.user_ref !== undefined) return userIdOfRef(recipient.user_ref);
  return recipient?.phone_number === undefined ? undefined : userIdOfPhone(recipient.phone_number);
}

type Bodies = { ok: true; bodies: OutgoingBody[] } | { ok: false; response: Response };

/** What is to be sent, checked: nothing is stored of a request of which a part can't be. */
function bodiesOf({ message, messages }: SendBody, platform: Platform, split: boolean): Bodies {
  const list = messages ?? (message === undefined ? [] : [message]);
  if (list.length === 0) return invalid("message", "there is nothing to send");
  const bodies: OutgoingBody[] = [];
  for (const [index, one] of list.entries()) {
    const path = messages ? `messages[${index}]` : "message";
    const checked = checkBody(one, { platform, path, split });
    if (!checked.ok) return invalid(checked.issue.path, checked.issue.message);
    bodies.push(...checked.bodies);
  }
  if (bodies.length > MAX_MESSAGES)
    return invalid("messages", `at most ${MAX_MESSAGES}, has ${bodies.length}`);
  return { ok: true, bodies };
}

function invalid(path: string, message: string): Bodies {
  const detail = `${path}: ${message}`;
  return { ok: false, response: problem({ status: 400, code: "invalid_message", detail, extra: { path } }) };
}

/** A key is the caller's own: others may use the same. Hashed, since what callers put there is theirs. */
export async function idOf(key: string, caller: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encode(`${caller}\n${key}`));
  return `req_${new Uint8Array(digest).slice(0, 16).toHex()}`;
}

function messageOf(one: ThreadMessage, { line, page, user }: Target, platform: Platform) {
  const isUsers = one.from === "user";
  return {
    id: isUsers || one.from === "app" || one.from === "inbox" ? one.id : `${line.id}.${one.id}`,
    content: JSON.parse(one.content),
    state: STATES.get(one.status) ?? one.status,
    from_contact: isUsers,
    sent_at: isoTime(one.at),
    source: platform === "instagram" ? "instagram" : "facebook",
    source_id: one.mid,
    metadata: {
      ...notesOf(one.notes),
      ...(one.code === null ? {} : { error: { code: one.code, message: one.reason } }),
    },
    sender: { id: isUsers ? user : (one.author ?? page), kind: one.from, name: one.author },
  };
}

/** Airy's word for what is on its way. */
const STATES = new Map([
  ["queued", "pending"],
  ["sending", "pending"],
  ["held", "pending"],
]);

function notesOf({ reactions, edits, unsentAt }: ThreadMessage["notes"]) {
  return {
    ...(reactions === undefined ? {} : { reactions }),
    ...(edits === undefined ? {} : { edits }),
    ...(unsentAt === undefined ? {} : { unsent_at: isoTime(unsentAt) }),
  };
}

const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
