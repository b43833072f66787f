import * as z from "zod/mini";
import { someTextUpTo, textUpTo, webAddress } from "./shape-checks.ts";
import { templatePayloadSchema } from "./template-shape.ts";

const mediaPayload = z
  .strictObject({
    url: z.exactOptional(webAddress),
    attachment_id: z.exactOptional(z.string()),
    is_reusable: z.exactOptional(z.boolean()),
  })
  .check(
    z.refine((payload) => payload.url !== undefined || payload.attachment_id !== undefined, {
      error: "Param {parameter} must have url or attachment_id",
    }),
  );

const media = z.strictObject({ type: z.enum(["image", "video", "audio", "file"]), payload: mediaPayload });
const image = z.strictObject({ type: z.literal("image"), payload: mediaPayload });
const attachment = z.discriminatedUnion("type", [
  media,
  z.strictObject({ type: z.literal("template"), payload: templatePayloadSchema }),
]);

const quickReply = z.discriminatedUnion("content_type", [
  z.strictObject({
    content_type: z.literal("text"),
    title: someTextUpTo(20),
    payload: textUpTo(1000),
    image_url: z.exactOptional(webAddress),
  }),
  z.strictObject({
    content_type: z.enum(["user_phone_number", "user_email"]),
    title: z.exactOptional(z.string()),
    payload: z.exactOptional(textUpTo(1000)),
    image_url: z.exactOptional(webAddress),
  }),
]);

/** `message` of a send: exactly one of text, attachment and attachments, and what may go with it. */
const messageSchema = z
  .strictObject({
    text: z.exactOptional(textUpTo(2000)),
    attachment: z.exactOptional(attachment),
    attachments: z.exactOptional(z.array(image).check(z.minLength(1), z.maxLength(30))),
    quick_replies: z.exactOptional(z.array(quickReply).check(z.minLength(1), z.maxLength(13))),
    metadata: z.exactOptional(textUpTo(1000)),
    reply_to: z.exactOptional(z.strictObject({ mid: z.string() })),
  })
  .check(
    z.refine(
      (message) =>
        [message.text, message.attachment, message.attachments].filter((part) => part !== undefined).length <=
        1,
      { error: "Param {parameter} must have only one of text, attachment and attachments" },
    ),
  );

const id = z.pipe(z.union([z.string(), z.int()]), z.transform(String));

/** `recipient`: Meta takes exactly one of these; the simulator knows two of them. */
const recipientSchema = z.strictObject({ id: z.exactOptional(id), user_ref: z.exactOptional(id) }).check(
  z.refine((recipient) => (recipient.id === undefined) !== (recipient.user_ref === undefined), {
    error:
      "Param {parameter} must have exactly one of id and user_ref (the simulator supports no other form)",
  }),
);

/**
 * The body of a send, of which exactly one of `message` and `sender_action` is given. Parameters Meta has and the
 * simulator does not use (`persona_id`, `notification_type` and others) pass.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export const sendSchema = z
  .object({
    recipient: recipientSchema,
    messaging_type: z.exactOptional(z.enum(["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"])),
    tag: z.exactOptional(z.string()),
    message: z.exactOptional(messageSchema),
    sender_action: z.exactOptional(z.enum(["typing_on", "typing_off", "mark_seen", "react", "unreact"])),
    payload: z.exactOptional(z.object({ message_id: z.string(), reaction: z.exactOptional(z.string()) })),
  })
  .check(
    z.refine((send) => send.message === undefined || send.sender_action === undefined, {
      error: "Only one of the parameters message and sender_action may be given",
    }),
    z.refine((send) => send.message !== undefined || send.sender_action !== undefined, {
      error: "The parameter message is required",
    }),
    z.refine((send) => !/react$/.test(send.sender_action ?? "") || send.payload !== undefined, {
      error: "Param payload[message_id] is required with the sender_action react or unreact",
    }),
  );

export type Send = z.infer<typeof sendSchema>;
export type OutgoingMessage = z.infer<typeof messageSchema>;

/** @returns Whether the message says nothing: Meta has an error of its own for that. */
export function saysNothing(message: OutgoingMessage): boolean {
  return !message.attachment && !message.attachments && (message.text ?? "").trim() === "";
}
