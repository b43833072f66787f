import * as z from "zod/mini";
import { someTextUpTo, textUpTo, webAddress } from "./shape-checks.ts";

const title = someTextUpTo(20);
const payload = someTextUpTo(1000);

const webUrlFields = {
  url: webAddress,
  webview_height_ratio: z.exactOptional(z.enum(["compact", "tall", "full"])),
  webview_share_button: z.exactOptional(z.string()),
  messenger_extensions: z.exactOptional(z.boolean()),
  fallback_url: z.exactOptional(webAddress),
};

const button = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("web_url"), title, ...webUrlFields }),
  z.strictObject({ type: z.literal("postback"), title, payload }),
  z.strictObject({ type: z.literal("phone_number"), title, payload }),
  z.strictObject({ type: z.literal("account_link"), url: webAddress }),
  z.strictObject({ type: z.literal("account_unlink") }),
  z.strictObject({
    type: z.literal("game_play"),
    title,
    payload: z.exactOptional(payload),
    game_metadata: z.exactOptional(z.looseObject({})),
  }),
]);

const upToThreeButtons = z.array(button).check(z.minLength(1), z.maxLength(3));

const genericTemplate = z.strictObject({
  template_type: z.literal("generic"),
  elements: z
    .array(
      z.strictObject({
        title: someTextUpTo(80),
        subtitle: z.exactOptional(textUpTo(80)),
        image_url: z.exactOptional(webAddress),
        default_action: z.exactOptional(z.strictObject({ type: z.literal("web_url"), ...webUrlFields })),
        buttons: z.exactOptional(upToThreeButtons),
      }),
    )
    .check(z.minLength(1), z.maxLength(10)),
  image_aspect_ratio: z.exactOptional(z.enum(["horizontal", "square"])),
  sharable: z.exactOptional(z.boolean()),
});

const buttonTemplate = z.strictObject({
  template_type: z.literal("button"),
  text: someTextUpTo(640),
  buttons: upToThreeButtons,
  sharable: z.exactOptional(z.boolean()),
});

const mediaTemplate = z.strictObject({
  template_type: z.literal("media"),
  elements: z
    .array(
      z
        .strictObject({
          media_type: z.enum(["image", "video"]),
          url: z.exactOptional(webAddress),
          attachment_id: z.exactOptional(z.string()),
          buttons: z.exactOptional(upToThreeButtons),
        })
        .check(
          z.refine((element) => (element.url === undefined) !== (element.attachment_id === undefined), {
            error: "Param {parameter} must have either url or attachment_id",
          }),
        ),
    )
    .check(z.minLength(1), z.maxLength(1)),
  sharable: z.exactOptional(z.boolean()),
});

/** Known to Meta and rare: accepted as they come, their contents are not checked. */
const otherTemplate = z.looseObject({
  template_type: z.enum([
    "receipt",
    "coupon",
    "customer_feedback",
    "product",
    "one_time_notif_req",
    "notification_messages",
    "utility",
  ]),
});

/**
 * The payload of a template attachment, with Meta's limits.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/templates
 */
export const templatePayloadSchema = z.discriminatedUnion("template_type", [
  genericTemplate,
  buttonTemplate,
  mediaTemplate,
  otherTemplate,
]);
