import * as z from "zod/mini";
import type { Platform } from "../graph/messenger-profile.ts";
import type { Profile } from "./profile.ts";

/** Meta sets them in this order, and deletes in the reverse: a menu can't be without `get_started`. */
const PROPERTIES = [
  "get_started",
  "greeting",
  "persistent_menu",
  "ice_breakers",
  "whitelisted_domains",
  "account_linking_url",
  "commands",
] as const satisfies readonly (keyof Profile)[];

export type Property = (typeof PROPERTIES)[number];

export const PROPERTIES_OF: Record<Platform, readonly Property[]> = {
  messenger: PROPERTIES,
  instagram: ["persistent_menu", "ice_breakers"],
};

export interface Change {
  property: Property;
  action: "set" | "delete";
  /** As Meta has it; `null`: not set. */
  from: unknown;
  to: unknown;
}

export interface ProfileDiff {
  /** In the order in which they can be applied. */
  changes: Change[];
  /** Why Meta would refuse what came of them; `null` if it wouldn't. */
  conflict: string | null;
}

/**
 * What has to be changed for a page's profile to be as wanted. Pure. Neither the order of keys and locales counts, nor
 * what Meta adds of its own: defaults, new fields, a slash after a host.
 */
export function diffProfile(
  current: Record<string, unknown>,
  wanted: Profile,
  platform: Platform = "messenger",
): ProfileDiff {
  const sets: Change[] = [];
  const deletes: Change[] = [];
  for (const property of PROPERTIES) {
    const to = wanted[property];
    const from = current[property] ?? null;
    if (to === undefined) continue;
    if (to === null && !isEmpty(from)) deletes.unshift({ property, action: "delete", from, to });
    if (to !== null && canonical(property, from) !== canonical(property, to)) {
      sets.push({ property, action: "set", from, to });
    }
  }
  return { changes: [...sets, ...deletes], conflict: conflictIn(current, wanted, platform) };
}

function conflictIn(current: Record<string, unknown>, wanted: Profile, platform: Platform): string | null {
  if (platform === "instagram") {
    const strange = PROPERTIES.filter((one) => wanted[one] && !PROPERTIES_OF.instagram.includes(one));
    return strange.length > 0 ? `Instagram has no ${strange.join(", ")}.` : null;
  }
  const result = { ...current, ...wanted };
  if (isEmpty(result.persistent_menu) || !isEmpty(result.get_started)) return null;
  return "A persistent_menu needs get_started: set it too, or delete both.";
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/** What Meta fills in where nothing was said. */
const DEFAULTS: Record<string, unknown> = {
  locale: "default",
  composer_input_disabled: false,
  disabled_surfaces: [],
  webview_height_ratio: "full",
  messenger_extensions: false,
  webview_share_button: "show",
};
const MEMBERS = new Set([
  ...Object.keys(DEFAULTS),
  ...["text", "payload", "call_to_actions", "type", "title", "url", "fallback_url"],
  ...["question", "commands", "name", "description"],
]);
const URLS = new Set(["url", "fallback_url", "account_linking_url"]);

const objectSchema = z.record(z.string(), z.unknown());

/** A text that is the same for values that mean the same. Lists of properties are by locale, or of domains: unordered. */
function canonical(property: Property, value: unknown): string {
  const modern = property === "ice_breakers" ? inOneLocale(value) : value;
  const one = canonicalValue(property, modern);
  return JSON.stringify(Array.isArray(modern) ? unordered(one) : one);
}

function canonicalValue(name: string, value: unknown): unknown {
  if (typeof value === "string") return canonicalText(name, value);
  if (Array.isArray(value)) {
    const items = value.map((one: unknown) => canonicalValue(name, one));
    return name === "disabled_surfaces" ? unordered(items) : items;
  }
  const object = objectSchema.safeParse(value);
  if (!object.success) return value;
  return Object.entries(object.data)
    .filter(([key, one]) => MEMBERS.has(key) && JSON.stringify(one) !== JSON.stringify(DEFAULTS[key]))
    .map(([key, one]) => [key, canonicalValue(key, one)])
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
}

const unordered = (items: unknown): unknown =>
  Array.isArray(items) ? [...new Set(items.map((one) => JSON.stringify(one)))].sort() : items;

function canonicalText(name: string, text: string): string {
  if (name === "whitelisted_domains") return URL.parse(text)?.origin ?? text;
  return URLS.has(name) ? (URL.parse(text)?.href ?? text) : text;
}

/** Meta answers with the retired form as long as nobody has set the new one. */
function inOneLocale(value: unknown): unknown {
  const isOld = Array.isArray(value) && value.some((one) => objectSchema.safeParse(one).data?.["question"]);
  return isOld ? [{ call_to_actions: value }] : value;
}
