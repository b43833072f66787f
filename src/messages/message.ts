import * as z from "zod/mini";
import { attachment, images } from "./attachment.ts";
import {
  charactersIn,
  exactlyOneOf,
  list,
  object,
  shapeBy,
  someText,
  textUpTo,
  webAddress,
} from "./fields.ts";
import type { Platform } from "./platform.ts";

/**
 * Of the 1000 characters Meta allows, the gateway keeps some for the mark before the bot's own metadata (at most 34,
 * src/conversation/mark.ts). UTF-16 units: by these it is cut there.
 */
const METADATA_MAX = 900;

/** What a message says: one of these. `template` is a utility message, `dynamic_text` a text with a fallback. */
export const CONTENTS = ["text", "attachment", "attachments", "template", "dynamic_text"] as const;

/** "String or Number", says Meta. */
const replyPayload = z.unknown().check(
  z.refine(
    (value) => typeof value === "number" || (typeof value === "string" && charactersIn(value) <= 1000),
    {
      error: ({ input }) =>
        typeof input === "string"
          ? `at most 1000 characters, has ${charactersIn(input)}`
          : "must be text or a number",
    },
  ),
);

const fromProfile = object({ payload: z.optional(replyPayload), image_url: z.optional(webAddress) });

const quickReply = shapeBy("content_type", {
  text: object({
    title: textUpTo(20),
    payload: replyPayload,
    image_url: z.optional(webAddress),
  }).check(
    z.refine((reply) => reply.title.trim() !== "" || reply.image_url !== undefined, {
      path: ["title"],
      error: "must not be empty without an image_url",
    }),
  ),
  user_phone_number: fromProfile,
  user_email: fromProfile,
});

/**
 * A Send API message object. How long its text may be is not checked here: a long one may be split (text-limit.ts).
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
const message = (platform: Platform) =>
  object({
    text: z.optional(someText),
    attachment: z.optional(attachment[platform]),
    attachments: z.optional(images[platform]),
    template: z.optional(object({ name: someText, language: object({ code: someText }) })),
    dynamic_text: z.optional(object({ text: someText, fallback_text: z.optional(someText) })),
    quick_replies: z.optional(list(quickReply, 1, 13)),
    metadata: z.optional(textUpTo(METADATA_MAX, (text) => text.length)),
    reply_to: z.optional(object({ mid: someText })),
  }).check(exactlyOneOf(...CONTENTS));

export const messageShape = { messenger: message("messenger"), instagram: message("instagram") };

/** A message that passed. */
export type Message = z.infer<(typeof messageShape)[Platform]>;
