import type { Conversation } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ThreadMessage } from "../threads.ts";

/** @returns An item of `entry.messaging` that the user caused. */
export function fromUser({ pageId, userId }: Conversation, timestamp: number, event: JsonObject): JsonObject {
  return { sender: { id: userId }, recipient: { id: pageId }, timestamp, ...event };
}

/**
 * @param appId Which app wrote it; null for a person in Meta's inbox, whose echoes name no app.
 * @returns The `message_echoes` item of a message the page sent. The sender is the page, the recipient the user;
 *   `app_id` is a number, as Meta sends it, unless it is too long to be one exactly.
 */
export function echoOf(
  { pageId, userId }: Conversation,
  message: ThreadMessage,
  appId: string | null,
): JsonObject {
  return {
    sender: { id: pageId },
    recipient: { id: userId },
    timestamp: message.timestamp,
    message: {
      mid: message.mid,
      is_echo: true,
      ...(appId === null ? {} : { app_id: Number.isSafeInteger(Number(appId)) ? Number(appId) : appId }),
      ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
      ...(message.text === undefined ? {} : { text: message.text }),
      ...(message.attachments === undefined ? {} : { attachments: message.attachments }),
      ...(message.reply_to === undefined ? {} : { reply_to: message.reply_to }),
    },
  };
}

/** @returns The `message_deliveries` item saying that the user's device has this message. */
export function deliveryOf(conversation: Conversation, message: ThreadMessage, at: number): JsonObject {
  return fromUser(conversation, at, { delivery: { mids: [message.mid], watermark: message.timestamp } });
}

/** @returns Instagram's item saying that the user has seen this message and all before it. */
export function readMessage(conversation: Conversation, mid: string, at: number): JsonObject {
  return fromUser(conversation, at, { read: { mid } });
}

/** @returns The `message_reads` item saying that the user has seen everything up to the watermark. */
export function readUpTo(conversation: Conversation, watermark: number, at: number): JsonObject {
  return fromUser(conversation, at, { read: { watermark } });
}
