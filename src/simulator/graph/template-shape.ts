import * as z from "zod/mini";
import { businessTemplates } from "./business-template-shape.ts";
import { upToThreeButtons, webUrlFields } from "./button-shape.ts";
import { INCOMPLETE, someTextUpTo, textUpTo, webAddress } from "./shape-checks.ts";

const genericTemplate = z.strictObject({
  template_type: z.literal("generic"),
  elements: z
    .array(
      z
        .strictObject({
          title: someTextUpTo(80),
          subtitle: z.exactOptional(textUpTo(80)),
          image_url: z.exactOptional(webAddress),
          default_action: z.exactOptional(z.strictObject({ type: z.literal("web_url"), ...webUrlFields })),
          buttons: z.exactOptional(upToThreeButtons),
        })
        .check(
          z.refine(({ subtitle, image_url, buttons }) => Boolean(subtitle || image_url || buttons), {
            error: INCOMPLETE,
          }),
        ),
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

/** Meta shows media of its own addresses only; everything else is uploaded first. */
const facebookAddress = webAddress.check(
  z.refine((text) => URL.canParse(text) && /(^|\.)facebook\.com$/.test(new URL(text).hostname), {
    error: "Param {parameter} must be a Facebook URL",
  }),
);

const mediaTemplate = z.strictObject({
  template_type: z.literal("media"),
  elements: z
    .array(
      z
        .strictObject({
          media_type: z.enum(["image", "video"]),
          url: z.exactOptional(facebookAddress),
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

/**
 * The payload of a template attachment, with Meta's limits.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/templates
 */
export const templatePayloadSchema = z.discriminatedUnion("template_type", [
  genericTemplate,
  buttonTemplate,
  mediaTemplate,
  ...businessTemplates,
]);
