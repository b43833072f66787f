import * as z from "zod/mini";
import { webUrlFields } from "./button-shape.ts";
import { someTextUpTo, webAddress } from "./shape-checks.ts";

const locale = z.string().check(
  z.refine((text) => text === "default" || /^[a-z]{2,3}_[A-Z]{2}$/.test(text), {
    error: "Param {parameter} must be default or a locale, such as de_DE",
  }),
);

const hasDefault = <Item extends { readonly locale: string }>() =>
  z.refine<Item[]>((items) => items.some((item) => item.locale === "default"), {
    error: "Param {parameter} must have an entry with the locale default",
  });

const httpsAddress = webAddress.check(
  z.refine((text) => text.startsWith("https://"), { error: "Param {parameter} must begin with https://" }),
);

const title = someTextUpTo(30);
const payload = someTextUpTo(1000);

/** `nested` is retired: a menu has one level. */
const menuItem = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("postback"), title, payload }),
  z.strictObject({ type: z.literal("web_url"), title, ...webUrlFields }),
]);

export const persistentMenuSchema = z
  .array(
    z
      .strictObject({
        locale,
        composer_input_disabled: z._default(z.boolean(), false),
        call_to_actions: z.exactOptional(z.array(menuItem).check(z.minLength(1), z.maxLength(20))),
        disabled_surfaces: z.exactOptional(z.array(z.string())),
      })
      .check(
        z.refine((menu) => menu.call_to_actions !== undefined || !menu.composer_input_disabled, {
          error: "Param {parameter}[call_to_actions] is required when composer_input_disabled is true",
        }),
      ),
  )
  .check(z.minLength(1), hasDefault());

const iceBreakers = z.union([
  z.array(z.strictObject({ question: someTextUpTo(80), payload })).check(z.minLength(1), z.maxLength(4)),
  z
    .array(
      z.strictObject({
        locale,
        call_to_actions: z
          .array(z.strictObject({ question: someTextUpTo(80), payload }))
          .check(z.minLength(1), z.maxLength(4)),
      }),
    )
    .check(z.minLength(1), hasDefault()),
]);

/**
 * The properties of a Messenger profile, with Meta's limits.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api
 */
export const PROPERTIES = {
  greeting: z.array(z.strictObject({ locale, text: someTextUpTo(160) })).check(z.minLength(1), hasDefault()),
  get_started: z.strictObject({ payload }),
  persistent_menu: persistentMenuSchema,
  ice_breakers: iceBreakers,
  whitelisted_domains: z.array(httpsAddress).check(z.minLength(1), z.maxLength(50)),
  account_linking_url: httpsAddress,
  commands: z
    .array(
      z.strictObject({
        locale,
        commands: z
          .array(z.strictObject({ name: someTextUpTo(32), description: someTextUpTo(64) }))
          .check(z.minLength(1)),
      }),
    )
    .check(z.minLength(1), hasDefault()),
} as const;

/** What Instagram has of these. */
export const ON_INSTAGRAM: readonly string[] = ["ice_breakers", "persistent_menu"];
