import { ASKING_TYPES } from "./bots/asks.ts";
import { BOT_PROTOCOLS, type BotProtocol } from "./bots/bot.ts";
import type { Conversation } from "./conversation/conversation.ts";
import {
  type ApiKey,
  decodeSealingKey,
  decodeSigningSecret,
  isAllowedUrl,
  parseApiKeys,
  parsePageTokens,
} from "./env-formats.ts";
import { type PageId, pageId } from "./ids.ts";
import type { Page } from "./pages/page.ts";
import { builtInSettings, parsePageSettings, type SettingsOfPage } from "./pages/settings.ts";
import { EVENT_TYPES } from "./webhook/events.ts";

/**
 * The only reader of raw bindings. Everything else gets a validated {@link Config}.
 * A missing or malformed setting is reported by name and remedy, never by value.
 */

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
      durableNamespaces: "Conversation" | "Page";
    }
    interface Env {
      CONVERSATION: DurableObjectNamespace<Conversation>;
      PAGE: DurableObjectNamespace<Page>;
      /** Where copies of attachments are kept, if they are. */
      MEDIA?: R2Bucket;
    }
  }
}

export interface Config {
  /** Every app secret whose signature is accepted; the first also signs our Graph calls (`appsecret_proof`). */
  appSecrets: readonly [string, ...string[]];
  /** Lets echoes of our own messages be told from those of other apps. */
  appId: string | undefined;
  verifyToken: string;
  pageTokens: ReadonlyMap<PageId, string>;
  /** How each page is served. */
  settingsOf: SettingsOfPage;
  /** The largest webhook body that is taken. Bodies are read before they can be verified: it bounds what a stranger costs. */
  webhookMaxBytes: number;
  bot: {
    url: string;
    protocol: BotProtocol;
    /** Sent as `Authorization: Bearer` to bots of other protocols than our own. */
    token: string | undefined;
    timeoutMs: number;
    /** Decoded `whsec_` keys; each signs, so that a bot can rotate without a gap. */
    signingKeys: readonly Uint8Array<ArrayBuffer>[];
    /** Event types that are forwarded; `undefined` = all. */
    events: ReadonlySet<string> | undefined;
  };
  graph: { url: string; version: string };
  /** Who may call the HTTP API. */
  apiKeys: readonly ApiKey[];
  /** What links to attachments are signed under; the first signs, all are accepted. */
  sealingKeys: readonly Uint8Array<ArrayBuffer>[];
  /** Where the world reaches this gateway. */
  publicUrl: string | undefined;
  /** Where copies of attachments are kept, and served from; `undefined`: Meta's own addresses are passed on alone. */
  media: { bucket: R2Bucket; origin: string } | undefined;
  /** How long events and messages are kept. */
  retentionDays: number;
}

export interface ConfigProblem {
  name: string;
  problem: string;
  how: string;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: ConfigProblem[] };

let last: { env: object; result: ConfigResult } | undefined;

/** Validates the bindings, once per isolate: they cannot change while it lives. */
export function configOf(env: object): ConfigResult {
  if (last?.env !== env) last = { env, result: readConfig({ ...env }) };
  return last.result;
}

const DEFAULT_GRAPH_URL = "https://graph.facebook.com";
const DEFAULT_GRAPH_VERSION = "v25.0";
/** A Worker may go on for 30 s after it has answered Meta; a bot call must fit with room to record its result. */
const MAX_BOT_TIMEOUT_MS = 25_000;
export const DEFAULT_BOT_TIMEOUT_MS = 20_000;
const DEFAULT_WEBHOOK_MAX_BYTES = 1024 * 1024;
export const DEFAULT_RETENTION_DAYS = 90;
const PAGE_TOKEN_PREFIX = "PAGE_ACCESS_TOKEN_";

/** Reads the settings out of raw bindings. Pure: for tests and {@link configOf}. */
export function readConfig(env: Record<string, unknown>): ConfigResult {
  const problems: ConfigProblem[] = [];
  const missing = (name: string, how: string) => problems.push({ name, problem: "is not set", how });
  const malformed = (name: string, problem: string, how: string) => problems.push({ name, problem, how });

  const text = (name: string): string | undefined => {
    const value = env[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const secret = (name: string, what: string): string => {
    const value = text(name);
    if (value === undefined) missing(name, `set it with \`wrangler secret put ${name}\`: ${what}`);
    return value ?? "";
  };
  const url = (name: string, fallback: string | undefined, what: string): string => {
    const value = text(name) ?? fallback;
    if (value === undefined) {
      missing(name, `set it under [vars] in wrangler.toml: ${what}`);
      return "";
    }
    if (!isAllowedUrl(value))
      malformed(name, "is not an https URL of a public host", "plain http is for loopback only");
    return value;
  };
  const whole = (name: string, fallback: number, min: number, max: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    malformed(name, "is out of range", `give a whole number from ${min} to ${max}`);
    return fallback;
  };

  const secrets = secret("META_APP_SECRET", "the app secret from App settings › Basic").split(",");
  const [first = "", ...rest] = secrets.map((one) => one.trim()).filter((one) => one !== "");
  if (text("META_APP_SECRET") !== undefined && first === "") {
    malformed(
      "META_APP_SECRET",
      "is empty",
      "several secrets are separated by commas, the current one first",
    );
  }
  const verifyToken = secret(
    "META_VERIFY_TOKEN",
    "a long random text that you also enter in Meta's webhook dialog",
  );

  const pageTokens = new Map<PageId, string>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PAGE_TOKEN_PREFIX) || typeof value !== "string" || value === "") continue;
    pageTokens.set(pageId(name.slice(PAGE_TOKEN_PREFIX.length)), value);
  }
  const tokensJson = text("PAGE_ACCESS_TOKENS");
  const tokens = tokensJson === undefined ? {} : parsePageTokens(tokensJson);
  if (tokens === undefined) {
    malformed("PAGE_ACCESS_TOKENS", "is malformed", 'it is JSON: {"<page_id>":"<token>"}');
  } else {
    for (const [id, token] of Object.entries(tokens)) pageTokens.set(pageId(id), token);
    if (pageTokens.size === 0) {
      missing(
        "PAGE_ACCESS_TOKENS",
        'set it with `wrangler secret put PAGE_ACCESS_TOKENS`: {"<page_id>":"<token>"}',
      );
    }
  }

  const pageSettings = parsePageSettings(text("PAGE_SETTINGS") ?? "{}");
  if ("malformed" in pageSettings) {
    malformed("PAGE_SETTINGS", `is malformed (${pageSettings.malformed})`, "docs/deploying.md has its form");
  }

  /** Several keys in one setting, the newest first, while they rotate. */
  const keys = (
    name: string,
    list: string[],
    decode: (one: string) => Uint8Array<ArrayBuffer> | undefined,
    how: string,
  ) => {
    const decoded: Uint8Array<ArrayBuffer>[] = [];
    for (const one of list) {
      if (one.trim() === "") continue;
      const key = decode(one.trim());
      if (key) decoded.push(key);
      else malformed(name, "is malformed", how);
    }
    return decoded;
  };
  const signingSecrets = secret("BOT_SIGNING_SECRET", "whsec_ and 32 random bytes in base64").split(/\s+/);
  const signingKeys = keys(
    "BOT_SIGNING_SECRET",
    signingSecrets,
    decodeSigningSecret,
    "each is whsec_ and 24 to 64 bytes in base64, separated by spaces",
  );
  const sealingKeys = keys(
    "SEALING_KEY",
    (text("SEALING_KEY") ?? "").split(","),
    decodeSealingKey,
    "each is 32 bytes in base64, separated by commas",
  );
  const apiKeys = parseApiKeys(text("API_KEYS") ?? "[]");
  if (!apiKeys) {
    malformed(
      "API_KEYS",
      "is malformed",
      'it is JSON: [{"name","key" of 24 characters or more,"role":"bot|operator|admin"}]',
    );
  }

  const version = text("GRAPH_VERSION") ?? DEFAULT_GRAPH_VERSION;
  if (!/^v\d+\.\d+$/.test(version)) malformed("GRAPH_VERSION", "is malformed", "it looks like v25.0");
  const spoken = text("BOT_PROTOCOL") ?? "native";
  const protocol = BOT_PROTOCOLS.find((one) => one === spoken);
  if (!protocol) {
    malformed("BOT_PROTOCOL", "is unknown", `this version speaks: ${BOT_PROTOCOLS.join(", ")}`);
  }
  const token = text("BOT_TOKEN");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    malformed("BOT_TOKEN", "is malformed", "it is text without spaces, as it stands after Bearer");
  }
  const events = text("BOT_EVENTS")
    ?.split(/[\s,]+/)
    .filter((type) => type !== "");
  const strangers = (events ?? []).filter((type) => type !== "all" && !EVENT_TYPES.has(type));
  if (strangers.length > 0) {
    malformed("BOT_EVENTS", "names unknown event types", "docs/bot-protocol.md lists them; or all");
  }

  const publicUrl =
    text("PUBLIC_URL") === undefined ? undefined : url("PUBLIC_URL", undefined, "this gateway's address");
  const bucket = isBucket(env["MEDIA"]) ? env["MEDIA"] : undefined;
  if (bucket && publicUrl === undefined) {
    missing("PUBLIC_URL", "set it under [vars] in wrangler.toml: links to what MEDIA keeps point there");
  }

  const config: Config = {
    appSecrets: [first, ...rest],
    appId: text("META_APP_ID"),
    verifyToken,
    pageTokens,
    settingsOf: "of" in pageSettings ? pageSettings.of : builtInSettings,
    webhookMaxBytes: whole("WEBHOOK_MAX_BYTES", DEFAULT_WEBHOOK_MAX_BYTES, 1024, 16 * 1024 * 1024),
    bot: {
      url: url("BOT_URL", undefined, "the https address of your bot"),
      timeoutMs: whole("BOT_TIMEOUT_MS", DEFAULT_BOT_TIMEOUT_MS, 100, MAX_BOT_TIMEOUT_MS),
      signingKeys,
      protocol: protocol ?? "native",
      token,
      events: events ? (events.includes("all") ? undefined : new Set(events)) : usualEvents(protocol),
    },
    graph: {
      url: url("GRAPH_URL", DEFAULT_GRAPH_URL, "the Graph API's address").replace(/\/+$/, ""),
      version,
    },
    apiKeys: apiKeys ?? [],
    sealingKeys,
    publicUrl,
    media: bucket && publicUrl ? { bucket, origin: publicUrl.replace(/\/+$/, "") } : undefined,
    retentionDays: whole("RETENTION_DAYS", DEFAULT_RETENTION_DAYS, 7, 3650),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config };
}

const isBucket = (binding: unknown): binding is R2Bucket =>
  typeof binding === "object" && binding !== null && "head" in binding;

/** Only our own protocol has a form for every event. */
const usualEvents = (protocol: BotProtocol | undefined): ReadonlySet<string> | undefined =>
  protocol === "native" ? undefined : ASKING_TYPES;
