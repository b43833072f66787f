import * as z from "zod/mini";
import { buttons, defaultAction } from "../buttons.ts";
import { exactlyOneOf, id, list, object, oneOf, someTextUpTo, textUpTo, webAddress } from "../fields.ts";
import type { Platform } from "../platform.ts";

/**
 * Up to ten cards side by side. A card with nothing but a title is refused by Meta.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/templates/generic
 */
export function genericTemplate(platform: Platform) {
  const card = object({
    title: someTextUpTo(80),
    subtitle: z.optional(textUpTo(80)),
    image_url: z.optional(webAddress),
    default_action: z.optional(defaultAction),
    buttons: z.optional(buttons(platform)),
  }).check(
    z.refine((fields) => Object.keys(fields).length > 1, {
      error: "must have something besides its title: a subtitle, an image_url, a default_action or buttons",
    }),
  );
  return object({
    elements: list(card, 1, 10),
    image_aspect_ratio: z.optional(oneOf(["horizontal", "square"])),
  });
}

/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/button */
export const buttonTemplate = (platform: Platform) =>
  object({ text: someTextUpTo(640), buttons: buttons(platform) });

/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/media */
export const mediaTemplate = object({
  elements: list(
    object({
      media_type: oneOf(["image", "video"]),
      url: z.optional(webAddress),
      attachment_id: z.optional(id),
      buttons: z.optional(buttons("messenger")),
    }).check(exactlyOneOf("attachment_id", "url")),
    1,
    1,
  ),
});

/** @see https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/product */
export const productTemplate = object({ elements: list(object({ id }), 1, 10) });
