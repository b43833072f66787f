import * as z from "zod/mini";
import { list, object, oneOf, shapeBy, someTextUpTo, textLike, textUpTo, webAddress } from "./fields.ts";
import type { Platform } from "./platform.ts";

const title = someTextUpTo(20);
/** What comes back in a postback. */
export const payload = someTextUpTo(1000);

const link = {
  url: webAddress,
  webview_height_ratio: z.optional(oneOf(["compact", "tall", "full"])),
  fallback_url: z.optional(webAddress),
};

/** What a tap on a whole card opens: a URL button without a title. */
export const defaultAction = object({ type: oneOf(["web_url"]), ...link });

const everywhere = {
  web_url: object({ title, ...link }),
  postback: object({ title, payload }),
};

const button = {
  messenger: shapeBy("type", {
    ...everywhere,
    phone_number: object({
      title,
      payload: textLike(/^\+\d/, "must be a phone number that begins with + and the country code"),
    }),
    account_link: object({ url: webAddress }),
    account_unlink: object({}),
    game_play: object({
      title,
      payload: z.optional(textUpTo(1000)),
      game_metadata: z.optional(object({})),
    }),
  }),
  instagram: shapeBy("type", everywhere),
} satisfies Record<Platform, z.ZodMiniType>;

/**
 * One to three buttons.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/buttons
 * @see https://developers.facebook.com/documentation/business-messaging/instagram-messaging/button-template
 */
export const buttons = (platform: Platform) => list(button[platform], 1, 3);
