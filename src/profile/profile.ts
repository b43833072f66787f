import * as z from "zod/mini";
import { modernised } from "./legacy.ts";

/**
 * A page's Messenger profile as it should be. A property that is missing is left as it is at Meta; `null` deletes it.
 * Limits are Meta's; characters are counted as JavaScript does, which is never less than Meta.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api
 */

const text = (max: number) =>
  z.string("a text").check(
    z.minLength(1, "not empty"),
    z.maxLength(max, {
      error: ({ input }) => `at most ${max} characters, has ${String(input).length}`,
    }),
  );

const some = <Item extends z.ZodMiniType>(item: Item, max: number, what: string) =>
  z.array(item, `a list of ${what}`).check(
    z.minLength(1, `at least one; null deletes the property`),
    z.maxLength(max, {
      error: ({ input }) => `at most ${max} ${what}, has ${Array.isArray(input) ? input.length : "more"}`,
    }),
  );

const shape = <Shape extends z.core.$ZodLooseShape>(members: Shape) =>
  z.strictObject(members, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? `knows no ${(issue.keys ?? []).join(", ")}` : "an object",
  });

const locale = z
  .string("a locale")
  .check(z.regex(/^(default|[a-z]{2,3}_[A-Z0-9]{2,3})$/, 'default, or a locale such as "de_DE"'));

/** One entry per locale, of which one is the default. */
const localised = <Entry extends z.ZodMiniType<{ locale: string }>>(entry: Entry, what: string) =>
  some(entry, 100, what).check(
    z.refine((list) => list.some((one) => one.locale === "default"), 'one of them for the locale "default"'),
    z.refine((list) => new Set(list.map((one) => one.locale)).size === list.length, "one for each locale"),
  );

const url = z.string("a URL").check(z.regex(/^https?:\/\/[^\s/]+\S*$/i, "a URL with http or https"));
const secureUrl = z.string("a URL").check(z.regex(/^https:\/\/[^\s/]+\S*$/i, "a URL with https"));
const payload = text(1000);

const menuItem = z.discriminatedUnion(
  "type",
  [
    shape({ type: z.literal("postback"), title: text(30), payload }),
    shape({
      type: z.literal("web_url"),
      title: text(30),
      url,
      webview_height_ratio: z.optional(z.enum(["compact", "tall", "full"], "compact, tall or full")),
      messenger_extensions: z.optional(z.boolean()),
      fallback_url: z.optional(url),
      webview_share_button: z.optional(z.literal("hide", "hide, or left out")),
    }),
  ],
  "an item of type postback or web_url",
);

const menu = shape({
  locale,
  composer_input_disabled: z.optional(z.boolean("true or false")),
  call_to_actions: z.optional(some(menuItem, 20, "items")),
  disabled_surfaces: z.optional(z.array(z.string("a surface"))),
}).check(
  z.refine((one) => one.call_to_actions !== undefined || one.composer_input_disabled === false, {
    error: "call_to_actions are missing",
  }),
);

const iceBreakers = shape({
  locale: z._default(locale, "default"),
  call_to_actions: some(shape({ question: text(80), payload }), 4, "questions"),
});

const command = shape({
  name: text(32).check(z.regex(/^[^/]/, "without a slash before it")),
  description: text(64),
});

const settable = <Value extends z.ZodMiniType>(value: Value) => z.optional(z.nullable(value));

const profileSchema = shape({
  get_started: settable(shape({ payload })),
  greeting: settable(localised(shape({ locale, text: text(160) }), "greetings")),
  persistent_menu: settable(localised(menu, "menus")),
  ice_breakers: settable(localised(iceBreakers, "sets of questions")),
  whitelisted_domains: settable(some(secureUrl, 50, "domains")),
  account_linking_url: settable(secureUrl),
  commands: settable(
    localised(shape({ locale, commands: some(command, 100, "commands") }), "sets of commands"),
  ),
}).check(
  z.refine((one) => !(one.persistent_menu && one.get_started === null), {
    path: ["get_started"],
    error: "a persistent_menu needs it",
  }),
);

export type Profile = z.infer<typeof profileSchema>;

export type ReadProfile =
  | { ok: true; profile: Profile; warnings: string[] }
  /** Where it is malformed, as a path, and how. */
  | { ok: false; issue: string };

/** Reads a profile in Meta's shapes or older ones (legacy.ts); warnings say what was changed on the way. */
export function readProfile(written: unknown): ReadProfile {
  const { profile, warnings } = modernised(written);
  const parsed = profileSchema.safeParse(profile);
  if (parsed.success) return { ok: true, profile: parsed.data, warnings };
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return { ok: false, issue: `${path === "" ? "the profile" : path}: ${issue?.message ?? "not valid"}` };
}
