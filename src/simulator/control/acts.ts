import type { Conversation } from "../ids.ts";
import type { Rooms } from "../rooms.ts";
import type { ThreadMessage } from "../threads.ts";
import { Refusal } from "./answers.ts";
import { given, messageIn, type Spoken } from "./spoken.ts";
import type { Utterance } from "./utterance.ts";

const silent = (event: Spoken["event"], mid: string | null = null): Spoken => ({ mid, event, content: null });

/**
 * Does what is neither a message nor an opt-in: what is about an earlier message changes the thread.
 *
 * @throws Refusal if it is about a message that is not there, or not the person's own.
 */
export function act(rooms: Rooms, conversation: Conversation, utterance: Utterance, at: number): Spoken {
  const { reaction, edit, unsend, read, delivery } = utterance;
  if (reaction) return react(rooms, conversation, reaction);
  if (edit) return change(rooms, conversation, edit);
  if (unsend) return takeBack(rooms, conversation, unsend.mid);
  if (read) return see(rooms, conversation, read, at);
  if (delivery) return silent({ delivery: given({ watermark: at, ...delivery }) });
  const { referral, account_linking, response_feedback, messaging_feedback, customer_information } =
    utterance;
  return silent(
    given({
      referral,
      account_linking,
      response_feedback,
      messaging_feedback,
      messaging_customer_information: customer_information,
    }),
  );
}

function react(rooms: Rooms, conversation: Conversation, body: NonNullable<Utterance["reaction"]>): Spoken {
  const { mid, action, reaction, emoji } = body;
  const message = messageIn(rooms, conversation, mid);
  rooms.threads.react(message, action === "react" ? { from: "user", reaction, emoji } : null);
  return silent({ reaction: action === "react" ? { mid, action, reaction, emoji } : { mid, action } }, mid);
}

function change(
  rooms: Rooms,
  conversation: Conversation,
  { mid, text }: NonNullable<Utterance["edit"]>,
): Spoken {
  const message = ownMessage(rooms, conversation, mid);
  const edits = (message.edits ?? 0) + 1;
  rooms.threads.rewrite({ ...message, text, edits });
  return silent({ message_edit: { mid, text, num_edit: edits } }, mid);
}

function takeBack(rooms: Rooms, conversation: Conversation, mid: string): Spoken {
  const { from, timestamp, status } = ownMessage(rooms, conversation, mid);
  rooms.threads.rewrite({ mid, from, timestamp, status, unsent: true });
  return silent({ message: { mid, is_deleted: true } }, mid);
}

function see(
  rooms: Rooms,
  conversation: Conversation,
  { watermark, mid }: NonNullable<Utterance["read"]>,
  at: number,
): Spoken {
  const onInstagram = rooms.pages.accountOf(conversation.pageId)?.platform === "instagram";
  const seen = mid ?? (onInstagram ? rooms.threads.latest(conversation, "page")?.mid : undefined);
  if (seen === undefined) {
    rooms.threads.markSeen(conversation, "page", watermark ?? at);
    return silent({ read: { watermark: watermark ?? at } });
  }
  const message = messageIn(rooms, conversation, seen);
  rooms.threads.markSeen(conversation, "page", message.timestamp);
  return silent({ read: { mid: seen } });
}

function ownMessage(rooms: Rooms, conversation: Conversation, mid: string): ThreadMessage {
  const message = messageIn(rooms, conversation, mid);
  if (message.from === "user" && !message.unsent) return message;
  throw new Refusal(404, "no_such_message", `The message ${mid} is not one this person can change.`);
}
