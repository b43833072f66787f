import { ASKING_TYPES } from "./bots/asks.ts";
import { BOT_PROTOCOLS, type BotProtocol } from "./bots/bot.ts";
import type { Conversation } from "./conversation/conversation.ts";
import {
  type ApiKey,
  decodeSealingKey,
  decodeSigningSecret,
  parseApiKeys,
  parseApps,
  parsePageTokens,
} from "./env-formats.ts";
import { BindingReader, type ConfigProblem } from "./env-reader.ts";
import { type PageId, pageId } from "./ids.ts";
import type { Directory } from "./pages/directory.ts";
import type { Page } from "./pages/page.ts";
import { missingSecrets, parsePageSettings, type WrittenFor } from "./pages/settings.ts";
import { EVENT_TYPES } from "./webhook/events.ts";

/**
 * The only reader of raw bindings. Everything else gets a validated {@link Config}.
 * A missing or malformed setting is reported by name and remedy, never by value.
 */

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
      durableNamespaces: "Conversation" | "Page" | "Directory";
    }
    interface Env {
      CONVERSATION: DurableObjectNamespace<Conversation>;
      PAGE: DurableObjectNamespace<Page>;
      DIRECTORY: DurableObjectNamespace<Directory>;
      /** Where copies of attachments are kept, if they are. */
      MEDIA?: R2Bucket;
    }
  }
}

/** An app at Meta. */
export interface App {
  /** `undefined`: not configured, as one app can be; echoes of our own are then told by their mark alone. */
  id: string | undefined;
  /** Those whose signatures count; the first also signs our Graph calls (`appsecret_proof`). */
  secrets: readonly [string, ...string[]];
  verifyToken: string;
}

export interface Config {
  /** The first is that of pages which name none. */
  apps: readonly [App, ...App[]];
  /** All of all apps. */
  appSecrets: readonly [string, ...string[]];
  pageTokens: ReadonlyMap<PageId, string>;
  /** How pages are served, as far as the deployment says so. */
  writtenFor: WrittenFor;
  /** The largest webhook body that is taken. Bodies are read before they can be verified: it bounds what a stranger costs. */
  webhookMaxBytes: number;
  /** The bot of pages that have none of their own. */
  bot: {
    url: string;
    protocol: BotProtocol;
    /** Sent as `Authorization: Bearer` to bots of other protocols than our own. */
    token: string | undefined;
    /** Of every bot: leases are made for it. */
    timeoutMs: number;
    /** Decoded `whsec_` keys; each signs, so that a bot can rotate without a gap. */
    signingKeys: readonly Uint8Array<ArrayBuffer>[];
    /** Event types that are forwarded, as chosen: `undefined` = what is usual for the protocol. */
    events: ReadonlySet<string> | "all" | undefined;
    /** For language models. */
    model: string | undefined;
    prompt: string | undefined;
    /** What webhooks for bots of protocol `messenger` are signed under; `undefined`: the page's app's secret. */
    appSecret: string | undefined;
  };
  /** Tokens that pages' own bots are named to have, and keys that what goes to them is named to be signed under. */
  botTokens: ReadonlyMap<string, string>;
  botSigningKeys: ReadonlyMap<string, readonly Uint8Array<ArrayBuffer>[]>;
  graph: { url: string; version: string };
  /** Where people log in and grant permissions. */
  facebookUrl: string;
  /** Who may call the HTTP API. */
  apiKeys: readonly ApiKey[];
  /** What tokens are sealed and links are signed under; the first is used, all are accepted. */
  sealingKeys: readonly Uint8Array<ArrayBuffer>[];
  /** Where the world reaches this gateway. */
  publicUrl: string | undefined;
  /** Where copies of attachments are kept, and served from; `undefined`: Meta's own addresses are passed on alone. */
  media: { bucket: R2Bucket; origin: string } | undefined;
  /** How long events and messages are kept. */
  retentionDays: number;
}

export type { ConfigProblem };
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
const BOT_TOKEN_PREFIX = "BOT_TOKEN_";
const BOT_SECRET_PREFIX = "BOT_SIGNING_SECRET_";
const BEARER = /^[\x21-\x7e]+$/;

/** Reads the settings out of raw bindings. Pure: for tests and {@link configOf}. */
export function readConfig(env: Record<string, unknown>): ConfigResult {
  const read = new BindingReader(env);
  const apps = appsIn(read);
  const sealingKeys = read.keys(
    "SEALING_KEY",
    (read.text("SEALING_KEY") ?? "").split(","),
    decodeSealingKey,
    "each is 32 bytes in base64, separated by commas",
  );
  // With a key to seal them under, pages can be connected while the gateway runs.
  const pageTokens = pageTokensIn(read, sealingKeys.length > 0);
  const botTokens = botTokensIn(read);
  const botSigningKeys = new Map(
    [...read.textsNamed(BOT_SECRET_PREFIX)].map(([name, secrets]) => [
      name,
      signingKeysIn(read, `${BOT_SECRET_PREFIX}${name}`, secrets),
    ]),
  );
  const writtenFor = writtenIn(read, { botTokens, botSigningKeys });
  const signingKeys = signingKeysIn(
    read,
    "BOT_SIGNING_SECRET",
    read.secret("BOT_SIGNING_SECRET", "whsec_ and 32 random bytes in base64"),
  );
  const apiKeys = parseApiKeys(read.text("API_KEYS") ?? "[]");
  if (!apiKeys) {
    read.malformed(
      "API_KEYS",
      "is malformed",
      'it is JSON: [{"name","key" of 24 characters or more,"role":"bot|operator|admin"}]',
    );
  }
  const version = read.text("GRAPH_VERSION") ?? DEFAULT_GRAPH_VERSION;
  if (!/^v\d+\.\d+$/.test(version)) read.malformed("GRAPH_VERSION", "is malformed", "it looks like v25.0");
  const spoken = read.text("BOT_PROTOCOL") ?? "native";
  const protocol = BOT_PROTOCOLS.find((one) => one === spoken);
  if (!protocol) {
    read.malformed("BOT_PROTOCOL", "is unknown", `this version speaks: ${BOT_PROTOCOLS.join(", ")}`);
  }
  const publicUrl = read.text("PUBLIC_URL") && read.url("PUBLIC_URL", undefined, "this gateway's address");
  const bucket = isBucket(env["MEDIA"]) ? env["MEDIA"] : undefined;
  if (bucket && publicUrl === undefined) {
    read.missing("PUBLIC_URL", "set it under [vars] in wrangler.toml: links to what MEDIA keeps point there");
  }

  const [app, ...others] = apps;
  const config: Config = {
    apps,
    appSecrets: [app.secrets[0], ...app.secrets.slice(1), ...others.flatMap(({ secrets }) => secrets)],
    pageTokens,
    writtenFor,
    webhookMaxBytes: read.whole("WEBHOOK_MAX_BYTES", DEFAULT_WEBHOOK_MAX_BYTES, 1024, 16 * 1024 * 1024),
    bot: {
      url: read.url("BOT_URL", undefined, "the https address of your bot"),
      timeoutMs: read.whole("BOT_TIMEOUT_MS", DEFAULT_BOT_TIMEOUT_MS, 100, MAX_BOT_TIMEOUT_MS),
      signingKeys,
      protocol: protocol ?? "native",
      token: botTokenIn(read),
      events: eventsIn(read),
      model: read.text("BOT_MODEL"),
      prompt: read.text("BOT_PROMPT"),
      appSecret: read.text("BOT_APP_SECRET"),
    },
    botTokens,
    botSigningKeys,
    graph: {
      url: read.url("GRAPH_URL", DEFAULT_GRAPH_URL, "the Graph API's address").replace(/\/+$/, ""),
      version,
    },
    facebookUrl: read
      .url("FACEBOOK_URL", "https://www.facebook.com", "where people log in")
      .replace(/\/+$/, ""),
    apiKeys: apiKeys ?? [],
    sealingKeys,
    publicUrl,
    media: bucket && publicUrl ? { bucket, origin: publicUrl.replace(/\/+$/, "") } : undefined,
    retentionDays: read.whole("RETENTION_DAYS", DEFAULT_RETENTION_DAYS, 7, 3650),
  };
  const { problems } = read;
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config };
}

/** `META_APPS`, or the variables of a single app, which come first where both are set. */
function appsIn(read: BindingReader): [App, ...App[]] {
  const json = read.text("META_APPS");
  const written = json === undefined ? [] : parseApps(json);
  if (!written) {
    read.malformed("META_APPS", "is malformed", 'it is JSON: [{"id","secret","verify_token"}]');
  }
  const common = read.text("META_VERIFY_TOKEN");
  const apps: App[] = [];
  if (json === undefined || read.text("META_APP_SECRET") !== undefined) {
    const list = read.secret("META_APP_SECRET", "the app secret from App settings › Basic").split(",");
    const [first = "", ...rest] = list.map((one) => one.trim()).filter((one) => one !== "");
    if (read.text("META_APP_SECRET") !== undefined && first === "") {
      read.malformed(
        "META_APP_SECRET",
        "is empty",
        "several secrets are separated by commas, the current one first",
      );
    }
    const verifyToken = read.secret(
      "META_VERIFY_TOKEN",
      "a long random text that you also enter in Meta's webhook dialog",
    );
    apps.push({ id: read.text("META_APP_ID"), secrets: [first, ...rest], verifyToken });
  }
  for (const { id, secret, verify_token: verifyToken = common } of written ?? []) {
    const [first = "", ...rest] = secret.split(",").map((one) => one.trim());
    if (verifyToken === undefined) {
      read.malformed("META_APPS", "has an app without verify_token", "give it one, or set META_VERIFY_TOKEN");
    }
    if (apps.some((one) => one.id === id)) {
      read.malformed("META_APPS", "names an app twice", "each app stands there, or in META_APP_ID, once");
    }
    apps.push({ id, secrets: [first, ...rest], verifyToken: verifyToken ?? "" });
  }
  const [first = { id: undefined, secrets: [""], verifyToken: "" }, ...rest] = apps;
  return [first, ...rest];
}

function pageTokensIn(read: BindingReader, canConnect: boolean): Map<PageId, string> {
  const tokens = new Map<PageId, string>();
  for (const [id, token] of read.textsNamed(PAGE_TOKEN_PREFIX)) tokens.set(pageId(id), token);
  const json = read.text("PAGE_ACCESS_TOKENS");
  const together = json === undefined ? {} : parsePageTokens(json);
  if (together === undefined) {
    read.malformed("PAGE_ACCESS_TOKENS", "is malformed", 'it is JSON: {"<page_id>":"<token>"}');
    return tokens;
  }
  for (const [id, token] of Object.entries(together)) tokens.set(pageId(id), token);
  if (tokens.size === 0 && !canConnect) {
    const how =
      'set it with `wrangler secret put PAGE_ACCESS_TOKENS`: {"<page_id>":"<token>"}; or set SEALING_KEY, and connect pages';
    read.missing("PAGE_ACCESS_TOKENS", how);
  }
  return tokens;
}

function botTokenIn(read: BindingReader): string | undefined {
  const token = read.text("BOT_TOKEN");
  if (token !== undefined && !BEARER.test(token)) {
    read.malformed("BOT_TOKEN", "is malformed", "it is text without spaces, as it stands after Bearer");
  }
  return token;
}

function botTokensIn(read: BindingReader): Map<string, string> {
  const tokens = read.textsNamed(BOT_TOKEN_PREFIX);
  for (const [name, token] of tokens) {
    if (BEARER.test(token)) continue;
    const how = "it is text without spaces, as it stands after Bearer";
    read.malformed(`${BOT_TOKEN_PREFIX}${name}`, "is malformed", how);
  }
  return tokens;
}

const signingKeysIn = (read: BindingReader, name: string, secrets: string) =>
  read.keys(
    name,
    secrets.split(/\s+/),
    decodeSigningSecret,
    "each is whsec_ and 24 to 64 bytes in base64, separated by spaces",
  );

function writtenIn(read: BindingReader, known: Pick<Config, "botTokens" | "botSigningKeys">): WrittenFor {
  const settings = parsePageSettings(read.text("PAGE_SETTINGS") ?? "{}");
  if ("malformed" in settings) {
    read.malformed("PAGE_SETTINGS", `is malformed (${settings.malformed})`, "docs/deploying.md has its form");
    return () => ({});
  }
  for (const name of new Set(settings.all.flatMap((one) => missingSecrets(one, known)))) {
    read.missing(name, "a bot in PAGE_SETTINGS names it: `wrangler secret put` it");
  }
  return settings.of;
}

function eventsIn(read: BindingReader): Config["bot"]["events"] {
  const events = read
    .text("BOT_EVENTS")
    ?.split(/[\s,]+/)
    .filter((type) => type !== "");
  if (!events) return undefined;
  if (events.some((type) => type !== "all" && !EVENT_TYPES.has(type))) {
    read.malformed("BOT_EVENTS", "names unknown event types", "docs/bot-protocol.md lists them; or all");
  }
  return events.includes("all") ? "all" : new Set(events);
}

const isBucket = (binding: unknown): binding is R2Bucket =>
  typeof binding === "object" && binding !== null && "head" in binding;

/** Only our own protocol and Meta's have a form for every event. */
const TELLS_ALL: ReadonlySet<BotProtocol> = new Set<BotProtocol>(["native", "messenger"]);

/** Event types that go to a bot of this protocol; `undefined` = all. */
export function eventsFor(
  { bot: { events } }: Config,
  protocol: BotProtocol,
): ReadonlySet<string> | undefined {
  if (events === undefined) return TELLS_ALL.has(protocol) ? undefined : ASKING_TYPES;
  return events === "all" ? undefined : events;
}
