import { randomBytes } from "node:crypto";
import { decodeSealingKey, decodeSigningSecret, parseApiKeys } from "../../env-formats.ts";
import { Trouble } from "../terminal/trouble.ts";

/** Secrets that nobody gives: what they look like, how they are made, and how one follows another. Pure but for chance. */

export const MADE = ["META_VERIFY_TOKEN", "BOT_SIGNING_SECRET", "API_KEYS", "SEALING_KEY"] as const;
export type MadeName = (typeof MADE)[number];

const apiKey = (name: string, role: string) => ({ name, key: randomBytes(32).toString("base64url"), role });

const MAKERS: Record<MadeName, () => string> = {
  META_VERIFY_TOKEN: () => randomBytes(32).toString("hex"),
  BOT_SIGNING_SECRET: () => `whsec_${randomBytes(32).toString("base64")}`,
  API_KEYS: () => JSON.stringify([apiKey("admin", "admin"), apiKey("bot", "bot")]),
  SEALING_KEY: () => randomBytes(32).toString("base64"),
};

export const make = (name: MadeName): string => MAKERS[name]();

/** @throws Trouble for a value the gateway would refuse */
export function mustBeWellFormed(name: MadeName, value: string): void {
  const how: Record<MadeName, string | undefined> = {
    META_VERIFY_TOKEN: undefined,
    BOT_SIGNING_SECRET: signingSecrets(value).every(decodeSigningSecret)
      ? undefined
      : "Each is whsec_ and 24 to 64 bytes in base64; several are separated by spaces.",
    API_KEYS: parseApiKeys(value)
      ? undefined
      : 'It is JSON: [{"name","key" of 24 characters or more,"role"}].',
    SEALING_KEY: separated(value).every(decodeSealingKey)
      ? undefined
      : "Each is 32 bytes in base64; several are separated by commas.",
  };
  if (how[name] !== undefined) throw new Trouble("setting_malformed", `${name} is malformed.`, how[name]);
}

const signingSecrets = (value: string): string[] => value.split(/\s+/).filter((one) => one !== "");
const separated = (value: string): string[] =>
  value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** Secrets that are accepted beside their successors for a while. */
export type Overlapping = "BOT_SIGNING_SECRET" | "SEALING_KEY" | "API_KEYS" | "META_APP_SECRET";

/**
 * The successor first, what was valid until now behind it.
 * @param successor made, unless given
 */
export function succeeded(name: Overlapping, value: string, successor: string | undefined): string {
  switch (name) {
    case "BOT_SIGNING_SECRET":
      return [successor ?? make(name), ...signingSecrets(value).slice(0, 1)].join(" ");
    case "META_APP_SECRET":
      return [successor ?? "", ...separated(value).slice(0, 1)].join(",");
    case "SEALING_KEY":
      // What is sealed may be sealed under any of the old ones.
      return [successor ?? make(name), ...separated(value)].join(",");
    case "API_KEYS": {
      const keys = parseApiKeys(value) ?? [];
      const successors = keys.map((key) => ({ ...key, key: apiKey(key.name, key.role).key }));
      return JSON.stringify([...successors, ...keys]);
    }
  }
}

/** What is valid from now on: the newest alone; of API keys, the first of each name and role. */
export function newestOf(name: Overlapping, value: string): string {
  switch (name) {
    case "BOT_SIGNING_SECRET":
      return signingSecrets(value)[0] ?? value;
    case "META_APP_SECRET":
    case "SEALING_KEY":
      return separated(value)[0] ?? value;
    case "API_KEYS": {
      const keys = parseApiKeys(value) ?? [];
      const isFirst = (key: (typeof keys)[number], place: number) =>
        keys.findIndex((one) => one.name === key.name && one.role === key.role) === place;
      return JSON.stringify(keys.filter(isFirst));
    }
  }
}

/** The key with which setup itself calls the gateway. */
export const adminKeyIn = (apiKeys: string): string | undefined =>
  parseApiKeys(apiKeys)?.find(({ role }) => role === "admin")?.key;

/** Every secret text within a setting: none of them is to be printed, alone or together. */
export function secretsWithin(value: string): string[] {
  const keys = parseApiKeys(value)?.map(({ key }) => key) ?? [];
  return [value, ...keys, ...value.split(/[\s,]+/)];
}
