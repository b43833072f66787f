import { type Conversation, newMessageId } from "../ids.ts";
import { isJsonObject, type JsonObject, merge, textAt } from "../json.ts";
import { renewOwnership } from "../ownership.ts";
import type { Rooms } from "../rooms.ts";
import type { ThreadMessage } from "../threads.ts";
import { fromUser } from "../webhook/events.ts";
import { queueFor } from "../webhook/queue.ts";
import { act } from "./acts.ts";
import { comment, post } from "./feed.ts";
import { giveUserRef, optIn } from "./optins.ts";
import { messageSpoken, type Spoken } from "./spoken.ts";
import type { Utterance } from "./utterance.ts";

/** Events that open the 24 hours, as the fields of a messaging item. */
const OPENS_WINDOW = ["message", "postback", "reaction", "referral", "optin"];

export interface Said {
  readonly mid: string | null;
  readonly page_id: string;
  readonly user_id: string;
  readonly timestamp: number;
  /** The item as it will be posted. */
  readonly event: JsonObject;
}

/**
 * Acts as the user: shows it in the thread, opens the window, queues the webhook. Does not wait for the webhook.
 *
 * @throws Refusal if it is about a message or a token that is not there.
 */
export function say(rooms: Rooms, conversation: Conversation, utterance: Utterance): Said {
  const timestamp = utterance.timestamp ?? rooms.clock.now();
  const answer = { page_id: conversation.pageId, user_id: conversation.userId, timestamp };
  const change = changeBy(rooms, conversation, utterance, timestamp);
  if (change) {
    const event = merge(change, utterance.raw ?? {});
    queueFor(rooms, conversation, event, { channel: "changes" });
    return { mid: null, ...answer, event };
  }

  const spoken = spokenBy(rooms, conversation, utterance, timestamp);
  const whole = merge(fromUser(conversation, timestamp, spoken.event), utterance.raw ?? {});
  const event = utterance.optin && textAt(whole, "optin", "user_ref") !== null ? withoutSender(whole) : whole;
  rooms.users.findOrMake(conversation.userId);
  if (opensWindow(event)) {
    rooms.conversations.userActed(conversation, timestamp);
    renewOwnership(rooms, conversation);
  }
  const userRef = textAt(utterance.raw, "optin", "user_ref");
  if (userRef !== null) giveUserRef(rooms, conversation, userRef, timestamp);
  const shown: ThreadMessage | null =
    spoken.mid !== null && spoken.content !== null
      ? { mid: spoken.mid, from: "user", timestamp, status: "sent", ...spoken.content }
      : null;
  if (shown) rooms.threads.append(conversation, shown);
  queueFor(rooms, conversation, event, {
    channel: utterance.channel,
    mid: shown?.mid ?? null,
    hopContext: utterance.hop_context,
  });
  rooms.live.changed(conversation);
  const mid =
    spoken.mid ?? textAt(utterance.raw, "message", "mid") ?? textAt(utterance.raw, "postback", "mid");
  return { mid, ...answer, event };
}

function changeBy(
  rooms: Rooms,
  conversation: Conversation,
  utterance: Utterance,
  at: number,
): JsonObject | null {
  if (utterance.comment) return comment(rooms, conversation, utterance.comment, at);
  if (utterance.post) return post(rooms, conversation, utterance.post, at);
  return null;
}

function spokenBy(rooms: Rooms, conversation: Conversation, utterance: Utterance, at: number): Spoken {
  if (utterance.optin) {
    return {
      mid: null,
      event: { optin: optIn(rooms, conversation, utterance.optin, at) },
      content: null,
    };
  }
  return (
    messageSpoken(rooms, conversation, utterance, newMessageId()) ?? act(rooms, conversation, utterance, at)
  );
}

/** Taking something back, or ticking a checkbox on a website, is not writing to the page. */
function opensWindow(event: JsonObject): boolean {
  if (event["sender"] === undefined) return false;
  if (textAt(event, "reaction", "action") === "unreact") return false;
  const { message } = event;
  if (isJsonObject(message) && message["is_deleted"] === true) return false;
  return OPENS_WINDOW.some((field) => event[field] !== undefined);
}

/** The checkbox plugin knows a browser, not a person. */
function withoutSender({ sender: _sender, ...event }: JsonObject): JsonObject {
  return event;
}
