import { type Conversation, newMessageId } from "../ids.ts";
import { type JsonObject, merge, textAt } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import type { Content, ThreadMessage } from "../threads.ts";
import { fromUser } from "../webhook/events.ts";
import { Refusal } from "./answers.ts";
import type { Utterance } from "./utterance.ts";

/** Meta lets a page choose this payload; here it is always the same. */
const GET_STARTED = { title: "Get Started", payload: "GET_STARTED" };

/** Events that open the 24 hours, as the fields of a messaging item. */
const OPENS_WINDOW = ["message", "postback", "reaction", "referral", "optin"];

/** What an utterance comes to: the item Meta would send, and what the user sees of it, if anything. */
interface Spoken {
  /** The message's id; null if the event has none. */
  readonly mid: string | null;
  readonly event: JsonObject;
  readonly content: Content | null;
}

export interface Said {
  readonly mid: string | null;
  readonly page_id: string;
  readonly user_id: string;
  readonly timestamp: number;
}

/**
 * Acts as the user: shows it in the thread, opens the window, queues the webhook. Does not wait for the webhook.
 *
 * @throws Refusal if it reacts to a message that is not in this conversation.
 */
export function say(rooms: Rooms, conversation: Conversation, utterance: Utterance): Said {
  const spoken = spokenBy(rooms, conversation, utterance);
  const timestamp = rooms.clock.now();
  const item = merge(fromUser(conversation, timestamp, spoken.event), utterance.raw ?? {});

  rooms.users.findOrMake(conversation.userId);
  if (OPENS_WINDOW.some((field) => item[field] !== undefined))
    rooms.conversations.userActed(conversation, timestamp);
  const userRef = textAt(item, "optin", "user_ref");
  if (userRef !== null) rooms.conversations.nameByReference(conversation, userRef);
  const visible = spoken.mid !== null && spoken.content !== null;
  if (visible) {
    const message: ThreadMessage = {
      mid: spoken.mid,
      from: "user",
      timestamp,
      status: "sent",
      ...spoken.content,
    };
    rooms.threads.append(conversation, message);
  }
  rooms.outbox.add(conversation, item, visible ? spoken.mid : null);
  rooms.sender.wake(conversation.pageId);
  rooms.live.changed(conversation);
  return {
    mid: spoken.mid ?? textAt(utterance.raw, "message", "mid") ?? textAt(utterance.raw, "postback", "mid"),
    page_id: conversation.pageId,
    user_id: conversation.userId,
    timestamp,
  };
}

function spokenBy(rooms: Rooms, conversation: Conversation, utterance: Utterance): Spoken {
  const { text, quick_reply, postback, attachment, referral, reaction, get_started } = utterance;
  const mid = newMessageId();
  if (text !== undefined) return { mid, event: { message: { mid, text } }, content: { text } };
  if (quick_reply) {
    const { title, payload } = quick_reply;
    const event = { message: { mid, text: title, quick_reply: { payload } } };
    return { mid, event, content: { text: title, quick_reply: { payload } } };
  }
  if (postback || get_started) {
    const tapped = postback ?? GET_STARTED;
    return {
      mid,
      event: { postback: { mid, ...tapped } },
      content: { text: tapped.title, postback: tapped },
    };
  }
  if (attachment) {
    const attachments = [attachmentOf(attachment)];
    return { mid, event: { message: { mid, attachments } }, content: { attachments } };
  }
  if (referral) return { mid: null, event: { referral: plain(referral) }, content: null };
  if (reaction) return react(rooms, conversation, reaction);
  return { mid: null, event: {}, content: null };
}

function react(rooms: Rooms, conversation: Conversation, given: NonNullable<Utterance["reaction"]>): Spoken {
  const message = rooms.threads.find(conversation, given.mid);
  if (!message) {
    throw new Refusal(
      404,
      "no_such_message",
      `There is no message ${given.mid} in this conversation to react to.`,
    );
  }
  const { mid, action, reaction, emoji } = given;
  rooms.threads.react(message, action === "react" ? { from: "user", reaction, emoji } : null);
  const event = { reaction: action === "react" ? { mid, action, reaction, emoji } : { mid, action } };
  return { mid: given.mid, event, content: null };
}

/** `{type, url, …}` for short, or `{type, payload}` as Meta has it. */
function attachmentOf({ type, url, payload, ...rest }: NonNullable<Utterance["attachment"]>): JsonObject {
  if (payload !== undefined) return plain({ type, ...rest, payload });
  return plain({ type, payload: { ...(url === undefined ? {} : { url }), ...rest } });
}

/** Drops what JSON cannot say; the bodies came from JSON, so nothing is lost. */
function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
