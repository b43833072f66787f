import * as z from "zod/mini";
import { someTextUpTo, webAddress } from "./shape-checks.ts";

const title = someTextUpTo(20);
const payload = someTextUpTo(1000);

/** The fields of whatever opens an address: buttons, default actions, menu items. */
export const webUrlFields = {
  url: webAddress,
  webview_height_ratio: z.exactOptional(z.enum(["compact", "tall", "full"])),
  webview_share_button: z.exactOptional(z.literal("hide")),
  messenger_extensions: z.exactOptional(z.boolean()),
  fallback_url: z.exactOptional(webAddress),
};

/** @see https://developers.facebook.com/docs/messenger-platform/reference/buttons */
const button = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("web_url"), title, ...webUrlFields }),
  z.strictObject({ type: z.literal("postback"), title, payload }),
  z.strictObject({
    type: z.literal("phone_number"),
    title,
    payload: payload.check(
      z.refine((text) => /^\+[\d ()-]{5,}$/.test(text), {
        error: "Param {parameter} must be a phone number with country code, such as +15550100",
      }),
    ),
  }),
  z.strictObject({ type: z.literal("account_link"), url: webAddress }),
  z.strictObject({ type: z.literal("account_unlink") }),
  z.strictObject({
    type: z.literal("game_play"),
    title,
    payload: z.exactOptional(payload),
    game_metadata: z.exactOptional(z.looseObject({})),
  }),
]);

export const upToThreeButtons = z.array(button).check(z.minLength(1), z.maxLength(3));
