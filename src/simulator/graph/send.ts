import type { Page } from "../environment.ts";
import type { GraphFault } from "../faults.ts";
import { type Conversation, newMessageId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { giveReceipts } from "../receipts.ts";
import type { Rooms } from "../rooms.ts";
import type { ThreadMessage } from "../threads.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import { brokenAnswer, faultAnswer } from "./fault-answer.ts";
import type { Parameters } from "./parameters.ts";
import { forbiddenBy } from "./policy.ts";
import { type OutgoingMessage, type Send, saysNothing, sendSchema } from "./send-shape.ts";
import { complaintAbout } from "./shape-checks.ts";

/** A fault that hangs without a delay of its own ends after this long, in milliseconds. */
const HANG_MS = 120_000;

type Checked =
  | { readonly ok: true; readonly conversation: Conversation; readonly send: Send }
  | { readonly ok: false; readonly error: GraphError };

/** `POST /{page}/messages`: checks, then lets a fault interfere, then accepts. Faults meet only what passed. */
export async function send(
  rooms: Rooms,
  page: Page,
  version: string,
  parameters: Parameters,
): Promise<Response> {
  const checked = check(rooms, page, parameters);
  if (!checked.ok) return graphErrorAnswer(version, checked.error);
  const { conversation, send } = checked;
  const kind = send.message ? "messages" : "actions";
  const fault = rooms.faults.takeForSend({ userId: conversation.userId, kind });
  if (fault) return await faulty(rooms, version, conversation, send, fault);
  return graphAnswer(version, accept(rooms, conversation, send));
}

async function faulty(
  rooms: Rooms,
  version: string,
  conversation: Conversation,
  send: Send,
  fault: GraphFault,
): Promise<Response> {
  // A caller that gives up waiting must still find its message in the thread, so this comes before the wait.
  if (fault.outcome === "accept_then_fail") accept(rooms, conversation, send);
  const wait = fault.outcome === "hang" ? fault.delay_ms || HANG_MS : fault.delay_ms;
  if (wait > 0 && (await rooms.interruption.wait(wait)) === "interrupted") return brokenAnswer(version);
  switch (fault.outcome) {
    case "accept":
      return graphAnswer(version, accept(rooms, conversation, send));
    case "reject":
      return faultAnswer(version, fault);
    case "accept_then_fail":
      return fault.status === undefined && fault.error === undefined
        ? brokenAnswer(version)
        : faultAnswer(version, fault);
    case "hang":
      return brokenAnswer(version);
  }
}

function check(rooms: Rooms, page: Page, parameters: Parameters): Checked {
  if (!("recipient" in parameters)) {
    return { ok: false, error: graphErrors.badParameter("The parameter recipient is required") };
  }
  const parsed = sendSchema.safeParse(parameters);
  if (!parsed.success) return { ok: false, error: graphErrors.badParameter(complaintAbout(parsed.error)) };
  const send = parsed.data;
  if (send.message && saysNothing(send.message)) return { ok: false, error: graphErrors.emptyMessage };

  const { id, user_ref } = send.recipient;
  const userId = id ?? rooms.conversations.userOfReference(page.id, user_ref ?? "");
  const conversation = { pageId: page.id, userId: userId ?? "" };
  const lastUserAt = rooms.conversations.lastUserAt(conversation);
  if (lastUserAt === null) return { ok: false, error: graphErrors.noMatchingUser };
  if (send.message) {
    const error = forbiddenBy(send, lastUserAt, rooms.clock.now());
    return error ? { ok: false, error } : { ok: true, conversation, send };
  }
  if (send.payload && !rooms.threads.find(conversation, send.payload.message_id)) {
    const complaint = "Param payload[message_id] must be a message of this conversation";
    return { ok: false, error: graphErrors.badParameter(complaint) };
  }
  return { ok: true, conversation, send };
}

function accept(rooms: Rooms, conversation: Conversation, send: Send): Json {
  const answer = { recipient_id: conversation.userId };
  if (!send.message) {
    act(rooms, conversation, send);
    return answer;
  }
  const message: ThreadMessage = {
    mid: newMessageId(),
    from: "page",
    timestamp: rooms.clock.now(),
    status: "delivered",
    ...contentOf(send.message),
  };
  rooms.threads.append(conversation, message);
  rooms.threads.markSeen(conversation, "user");
  rooms.conversations.setTyping(conversation, false);
  giveReceipts(rooms, conversation, message);
  rooms.live.changed(conversation);
  return { ...answer, message_id: message.mid };
}

function act(
  { threads, conversations, live }: Rooms,
  conversation: Conversation,
  { sender_action, payload }: Send,
): void {
  if (sender_action === "typing_on") conversations.setTyping(conversation, true);
  if (sender_action === "typing_off") conversations.setTyping(conversation, false);
  if (sender_action === "mark_seen") threads.markSeen(conversation, "user");
  const target = payload ? threads.find(conversation, payload.message_id) : null;
  if (target && sender_action === "react") {
    threads.react(target, { from: "page", reaction: payload?.reaction ?? "love" });
  }
  if (target && sender_action === "unreact") threads.react(target, null);
  live.changed(conversation);
}

function contentOf(message: OutgoingMessage): Omit<ThreadMessage, "mid" | "from" | "timestamp" | "status"> {
  const { text, attachment, attachments, quick_replies, metadata, reply_to } = message;
  const all = attachment ? [attachment] : attachments;
  return {
    ...(text === undefined ? {} : { text }),
    ...(all === undefined ? {} : { attachments: all.map(asJson) }),
    ...(quick_replies === undefined ? {} : { quick_replies: quick_replies.map(asJson) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(reply_to === undefined ? {} : { reply_to }),
  };
}

/** Back to plain JSON: what was checked came from JSON and is stored as such. */
function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
