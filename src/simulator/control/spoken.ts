import type { Conversation } from "../ids.ts";
import { type Json, type JsonObject, plain, textAt } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import type { Content, ThreadMessage } from "../threads.ts";
import { Refusal } from "./answers.ts";
import type { Utterance } from "./utterance.ts";

/** What an utterance comes to: the event Meta would send, and what the user sees of it, if anything. */
export interface Spoken {
  /** The message's id; null if the event has none. */
  readonly mid: string | null;
  readonly event: JsonObject;
  readonly content: Content | null;
}

/** What `get_started` sends unless the page's Messenger profile says otherwise. */
const GET_STARTED = "GET_STARTED";

/** The picture of any sticker; Meta's addresses end after a while anyway. */
const STICKER_URL = "https://scontent.xx.fbcdn.net/v/t39.1997-6/sticker.png";

/** @returns The message or postback a person sends, or null if the utterance is neither. */
export function messageSpoken(
  rooms: Rooms,
  conversation: Conversation,
  utterance: Utterance,
  mid: string,
): Spoken | null {
  const { postback, get_started, referral } = utterance;
  if (postback || get_started) {
    const tapped = postback ?? getStarted(rooms, conversation);
    const event = { postback: { mid, ...tapped, ...given({ referral }) } };
    return { mid, event: plain(event), content: { text: tapped.title, postback: tapped } };
  }
  const said = wordsOf(utterance);
  if (!said) return null;
  const { reply_to, commands, nlp, is_unsupported } = utterance;
  if (reply_to && "mid" in reply_to) messageIn(rooms, conversation, reply_to.mid);
  const more = given({ reply_to, referral, commands, nlp, is_unsupported });
  return {
    mid,
    event: { message: { mid, ...said.message, ...more } },
    content: { ...said.content, ...(reply_to ? { reply_to: plain(reply_to) } : {}) },
  };
}

/** @throws Refusal if there is no such message in this conversation. */
export function messageIn(rooms: Rooms, conversation: Conversation, mid: string): ThreadMessage {
  const message = rooms.threads.find(conversation, mid);
  if (message) return message;
  throw new Refusal(404, "no_such_message", `There is no message ${mid} in this conversation.`);
}

/** @returns Those that were given, as plain JSON. */
export function given(fields: Readonly<Record<string, unknown>>): JsonObject {
  return plain(fields);
}

/** `{type, url, …}` for short, or `{type, payload}` as Meta has it. */
export function attachmentOf({
  type,
  url,
  payload,
  ...rest
}: NonNullable<Utterance["attachment"]>): JsonObject {
  const address = url === undefined ? {} : { url };
  if (payload !== undefined) return plain({ type, ...rest, ...address, payload });
  return plain({ type, payload: { ...address, ...rest } });
}

function wordsOf({
  text,
  quick_reply,
  attachment,
  attachments,
  sticker,
}: Utterance): { message: JsonObject; content: Content } | null {
  if (text !== undefined) return { message: { text }, content: { text } };
  if (quick_reply) {
    const { title, payload } = quick_reply;
    const said = { text: title, quick_reply: { payload } };
    return { message: said, content: said };
  }
  if (sticker !== undefined) {
    const sticker_id = Number(sticker);
    const sent: Json = { type: "sticker", payload: { url: STICKER_URL, sticker_id } };
    const said = { attachments: [sent], sticker_id };
    return { message: said, content: said };
  }
  const all = attachment ? [attachment] : attachments;
  if (!all) return null;
  const said = { attachments: all.map(attachmentOf) };
  return { message: said, content: said };
}

function getStarted(rooms: Rooms, { pageId }: Conversation): { title: string; payload: string } {
  const chosen = textAt(rooms.profiles.read(pageId), "get_started", "payload");
  return { title: "Get Started", payload: chosen ?? GET_STARTED };
}
