import * as z from "zod/mini";
import { exactlyOneOf, id, list, object, shapeBy, webAddress } from "./fields.ts";
import type { Platform } from "./platform.ts";
import { templatePayload } from "./templates/template.ts";

const file = object({
  payload: object({ url: z.optional(webAddress), attachment_id: z.optional(id) }).check(
    exactlyOneOf("url", "attachment_id"),
  ),
});

const shapes = (platform: Platform) => ({
  image: file,
  video: file,
  audio: file,
  file,
  template: object({ payload: templatePayload[platform] }),
});

/**
 * What a message holds instead of text. `is_reusable` is not checked: Meta's pages have it as `true` and as `"true"`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 * @see https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/send-message
 */
export const attachment = {
  messenger: shapeBy("type", shapes("messenger")),
  instagram: shapeBy("type", {
    ...shapes("instagram"),
    MEDIA_SHARE: object({ payload: object({ id }) }),
    like_heart: object({}),
  }),
} satisfies Record<Platform, z.ZodMiniType>;

const image = shapeBy("type", { image: file });

/** Several images in one message. */
export const images = {
  messenger: list(image, 1, 30),
  instagram: list(image, 1, 10),
} satisfies Record<Platform, z.ZodMiniType>;
