import * as z from "zod/mini";
import { utilityFields } from "./business-template-shape.ts";
import { someTextUpTo, textUpTo, webAddress } from "./shape-checks.ts";
import { templatePayloadSchema } from "./template-shape.ts";

const mediaPayload = z
  .strictObject({
    url: z.exactOptional(webAddress),
    attachment_id: z.exactOptional(z.string()),
    is_reusable: z.exactOptional(z.boolean()),
  })
  .check(
    z.refine((payload) => payload.url === undefined || payload.attachment_id === undefined, {
      error: "Param {parameter} must have only one of url and attachment_id",
    }),
  );

const media = z.strictObject({
  type: z.enum(["image", "video", "audio", "file"]),
  payload: z._default(mediaPayload, {}),
});
const image = z.strictObject({ type: z.literal("image"), payload: mediaPayload });
const attachment = z.discriminatedUnion("type", [
  media,
  z.strictObject({ type: z.literal("template"), payload: templatePayloadSchema }),
  z.strictObject({ type: z.literal("like_heart") }),
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

/** `message` of a send: exactly one of its contents, and what may go with it. */
const messageSchema = z
  .strictObject({
    text: z.exactOptional(textUpTo(2000)),
    attachment: z.exactOptional(attachment),
    attachments: z.exactOptional(z.array(image).check(z.minLength(1), z.maxLength(30))),
    template: z.exactOptional(z.strictObject(utilityFields)),
    quick_replies: z.exactOptional(z.array(quickReply).check(z.minLength(1), z.maxLength(13))),
    metadata: z.exactOptional(textUpTo(1000)),
    reply_to: z.exactOptional(z.strictObject({ mid: z.string() })),
  })
  .check(
    z.refine(
      ({ text, attachment, attachments, template }) =>
        [text, attachment, attachments, template].filter((part) => part !== undefined).length <= 1,
      { error: "Param {parameter} must have only one of text, attachment, attachments and template" },
    ),
  );

const id = z.pipe(z.union([z.string(), z.int()]), z.transform(String));

const RECIPIENT_FORMS = [
  "id",
  "user_ref",
  "comment_id",
  "post_id",
  "phone_number",
  "one_time_notif_token",
  "notification_messages_token",
] as const;

/** `recipient`: exactly one of Meta's forms. */
const recipientSchema = z
  .strictObject({
    id: z.exactOptional(id),
    user_ref: z.exactOptional(id),
    comment_id: z.exactOptional(id),
    post_id: z.exactOptional(id),
    phone_number: z.exactOptional(z.string()),
    name: z.exactOptional(z.strictObject({ first_name: z.string(), last_name: z.string() })),
    one_time_notif_token: z.exactOptional(z.string()),
    notification_messages_token: z.exactOptional(z.string()),
  })
  .check(
    z.refine((recipient) => RECIPIENT_FORMS.filter((form) => recipient[form] !== undefined).length === 1, {
      error: `Param {parameter} must have exactly one of ${RECIPIENT_FORMS.join(", ")}`,
    }),
    z.refine((recipient) => recipient.name === undefined || recipient.phone_number !== undefined, {
      error: "Param {parameter}[name] goes with phone_number only",
    }),
  );

/**
 * The body of a send, of which exactly one of `message` and `sender_action` is given. Unknown parameters beside
 * them pass, as they do with Meta.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export const sendSchema = z
  .object({
    recipient: recipientSchema,
    messaging_type: z.exactOptional(z.enum(["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"])),
    tag: z.exactOptional(z.string()),
    notification_type: z.exactOptional(z.enum(["REGULAR", "SILENT_PUSH", "NO_PUSH"])),
    message: z.exactOptional(messageSchema),
    persona_id: z.exactOptional(id),
    sender_action: z.exactOptional(z.enum(["typing_on", "typing_off", "mark_seen", "react", "unreact"])),
    payload: z.exactOptional(z.object({ message_id: z.string(), reaction: z.exactOptional(z.string()) })),
    thread_control: z.exactOptional(
      z.strictObject({
        control_type: z.enum(["pass", "release"]),
        app_id: z.exactOptional(id),
        metadata: z.exactOptional(textUpTo(1000)),
      }),
    ),
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
export type Recipient = Send["recipient"];
export type OutgoingMessage = z.infer<typeof messageSchema>;

/** @returns Whether the message says nothing: Meta has an error of its own for that. */
export function saysNothing({ attachment, attachments, template, text }: OutgoingMessage): boolean {
  return !attachment && !attachments && !template && (text ?? "").trim() === "";
}

/** @returns Whether the message is one of the approved utility templates. */
export function isUtility({ attachment, template }: OutgoingMessage): boolean {
  if (template) return true;
  return attachment?.type === "template" && attachment.payload.template_type === "utility";
}
