import * as z from "zod/mini";
import { exactlyOneOf, id, object, oneOf, shapeBy, someText } from "./fields.ts";
import { CONTENTS, messageShape } from "./message.ts";
import type { Platform } from "./platform.ts";

const RECIPIENTS = [
  "id",
  "user_ref",
  "comment_id",
  "post_id",
  "phone_number",
  "one_time_notif_token",
  "notification_messages_token",
] as const;

const recipient = object({
  id: z.optional(id),
  user_ref: z.optional(id),
  comment_id: z.optional(id),
  post_id: z.optional(id),
  phone_number: z.optional(someText),
  name: z.optional(object({})),
  one_time_notif_token: z.optional(someText),
  notification_messages_token: z.optional(someText),
}).check(exactlyOneOf(...RECIPIENTS));

const not = (error: string) => z.optional(z.never({ error }));

/** A message's own fields, put beside it: Meta would ignore them, and a text with them. */
const misplaced = Object.fromEntries(
  [...CONTENTS, "quick_replies", "metadata", "reply_to"].map((name) => [name, not("belongs into message")]),
);

const envelope = (platform: Platform) => ({
  ...misplaced,
  recipient: z.optional(recipient),
  messaging_type: z.optional(oneOf(["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"])),
  tag: z.optional(someText),
  notification_type: z.optional(oneOf(["REGULAR", "SILENT_PUSH", "NO_PUSH"])),
  persona_id: platform === "instagram" ? not("is not available on Instagram") : z.optional(id),
});

const messageBody = (platform: Platform) =>
  object({
    ...envelope(platform),
    message: messageShape[platform],
    sender_action: not("cannot go with a message: send it as a body of its own"),
  });

/** `react` and `unreact` name the message they are about. */
function actionBody(platform: Platform) {
  const fields = envelope(platform);
  const plain = object(fields);
  return shapeBy("sender_action", {
    typing_on: plain,
    typing_off: plain,
    mark_seen: plain,
    react: object({ ...fields, payload: object({ message_id: someText, reaction: someText }) }),
    unreact: object({ ...fields, payload: object({ message_id: someText }) }),
  });
}

/**
 * Full Send API bodies, with a message or with a sender action.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export const messageBodyShape = { messenger: messageBody("messenger"), instagram: messageBody("instagram") };
export const actionBodyShape = { messenger: actionBody("messenger"), instagram: actionBody("instagram") };
