import * as z from "zod/mini";

/**
 * Shapes of a profile that are no longer Meta's, brought into those that are: nested menus and ice breakers without
 * locales, which Meta has retired, and the settings of Botpress 11 and 12 (`data/bots/<bot>/config/channel-messenger.json`).
 */

const objectSchema = z.record(z.string(), z.unknown());
const listSchema = z.array(z.unknown());
const menuSchema = z.looseObject({ locale: z.optional(z.unknown()), call_to_actions: z.array(z.unknown()) });
const nestedSchema = z.looseObject({ title: z.string(), call_to_actions: z.array(z.unknown()) });
const titledSchema = z.looseObject({ title: z.string() });
const questionSchema = z.looseObject({ question: z.unknown() });

/** What isn't understood stays as it is, for the schema to refuse. */
export function modernised(written: unknown): { profile: unknown; warnings: string[] } {
  const parsed = objectSchema.safeParse(written);
  if (!parsed.success) return { profile: written, warnings: [] };
  const warnings: string[] = [];
  const profile = { ...parsed.data };
  rename(profile, "getStarted", "get_started");
  rename(profile, "persistentMenu", "persistent_menu");
  if ("get_started" in profile) profile["get_started"] = getStarted(profile["get_started"]);
  if (profile["get_started"] === undefined) delete profile["get_started"];
  if ("greeting" in profile) profile["greeting"] = greeting(profile["greeting"]);
  if ("ice_breakers" in profile) profile["ice_breakers"] = iceBreakers(profile["ice_breakers"]);
  if ("persistent_menu" in profile) {
    profile["persistent_menu"] = flatMenus(profile["persistent_menu"], warnings);
  }
  return { profile, warnings };
}

/** An empty list was Botpress's way to say: no menu. */
function rename(profile: Record<string, unknown>, from: string, to: string): void {
  if (!(from in profile) || to in profile) return;
  const value = profile[from];
  profile[to] = Array.isArray(value) && value.length === 0 ? null : value;
  delete profile[from];
}

/** @returns `undefined` for an empty text, with which Botpress left the button as it was */
function getStarted(value: unknown): unknown {
  if (value === "") return undefined;
  return typeof value === "string" ? { payload: value } : value;
}

/** A text, or texts by locale; with an empty text Botpress deleted it. */
function greeting(value: unknown): unknown {
  if (value === "") return null;
  if (typeof value === "string") return [{ locale: "default", text: value }];
  const byLocale = objectSchema.safeParse(value);
  if (!byLocale.success) return value;
  return Object.entries(byLocale.data).map(([locale, text]) => ({ locale, text }));
}

function iceBreakers(value: unknown): unknown {
  const list = listSchema.safeParse(value);
  const isOld =
    list.success && list.data.length > 0 && list.data.every((one) => questionSchema.safeParse(one).success);
  return isOld ? [{ locale: "default", call_to_actions: value }] : value;
}

function flatMenus(value: unknown, warnings: string[]): unknown {
  const menus = listSchema.safeParse(value);
  if (!menus.success) return value;
  return menus.data.map((one) => {
    const menu = menuSchema.safeParse(one);
    if (!menu.success) return withoutNull(one);
    const nested: string[] = [];
    const items = menu.data.call_to_actions.flatMap((item) => flatItem(item, [], nested));
    if (nested.length > 0) {
      warnings.push(
        `persistent_menu (${String(menu.data.locale)}): Meta has retired nested menus, so these stand side by side now: ${nested.join(", ")}`,
      );
    }
    return { ...menu.data, call_to_actions: items };
  });
}

/** Botpress took `call_to_actions: null` for none. */
function withoutNull(menu: unknown): unknown {
  const parsed = objectSchema.safeParse(menu);
  if (!parsed.success || parsed.data["call_to_actions"] !== null) return menu;
  const { call_to_actions: _, ...others } = parsed.data;
  return others;
}

/** Meta had three levels at the most. */
const MAX_LEVELS = 5;

/** @param nested collects the new titles of those that were nested */
function flatItem(item: unknown, parents: readonly string[], nested: string[]): unknown[] {
  const parent = parents.length < MAX_LEVELS ? nestedSchema.safeParse(item) : undefined;
  if (parent?.success) {
    const { title, call_to_actions } = parent.data;
    return call_to_actions.flatMap((one) => flatItem(one, [...parents, title], nested));
  }
  const titled = titledSchema.safeParse(item);
  if (parents.length === 0 || !titled.success) return [item];
  const title = titleBelow(parents.join(SEPARATOR), titled.data.title);
  nested.push(`"${title}"`);
  return [{ ...titled.data, title }];
}

const SEPARATOR = " › ";
const MAX_TITLE = 30;

/** What the item itself is called tells more than where it was: its parents are cut first. */
function titleBelow(parents: string, title: string): string {
  const room = MAX_TITLE - title.length - SEPARATOR.length;
  return room < 2 ? cut(title, MAX_TITLE) : `${cut(parents, room)}${SEPARATOR}${title}`;
}

/** By code points, so that no character is torn. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  let kept = "";
  for (const character of text) {
    if (kept.length + character.length > length - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
