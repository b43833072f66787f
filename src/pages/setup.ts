import type { PageRules } from "../conversation/work.ts";
import { type App, type Config, eventsFor } from "../env.ts";
import type { PageId } from "../ids.ts";
import type { StoredChannel } from "./channel.ts";
import type { Page } from "./page.ts";
import { seal, unseal } from "./sealing.ts";
import {
  type BotShare,
  type PageSettings,
  settingsOf,
  type WrittenBot,
  type WrittenSettings,
} from "./settings.ts";

/**
 * How a page is served now: what the deployment says, and over it what was set while it runs, which the page's object
 * keeps. An isolate asks the object once in a while, not once per message.
 */
export interface PageSetup {
  page: PageId;
  app: App;
  /** Whether somebody said that the page is this app's, so that another's word on it doesn't count. */
  isAppsOwn: boolean;
  /** Its object couldn't be reached: what was set while the gateway runs isn't known. */
  isGuess: boolean;
  /** `undefined`: no token is known, and what is to be sent is held. */
  token: string | undefined;
  settings: PageSettings;
  bot: BotSpec;
  canary: { bot: BotSpec; percent: number } | null;
  shadow: { bot: BotSpec; percent: number } | null;
}

/** A bot, with all it takes to reach it but what every bot has. */
export interface BotSpec {
  url: string;
  protocol: WrittenBot["protocol"];
  token: string | undefined;
  /** What requests to it are signed under: each signs. */
  signingKeys: readonly Uint8Array<ArrayBuffer>[];
  timeoutMs: number;
  model: string | undefined;
  prompt: string | undefined;
  turns: number;
  /** What webhooks in Meta's own form are signed under. */
  appSecret: string;
}

/** Where setups come from. */
export interface SetupSource {
  config: Config;
  pages: DurableObjectNamespace<Page>;
}

/** How long an isolate goes by what it was told, ms: changes are in force everywhere after that. */
const FRESH_MS = 20_000;
/** While one asks anew, the others go on by what was told last, for so long, ms. */
const ASKING_MS = 2_000;
const MAX_REMEMBERED = 2000;
const DEFAULT_TURNS = 20;

interface Remembered {
  config: Config;
  /** When it was told, ms. */
  at: number;
  /** Until when it isn't asked for again, ms. */
  until: number;
  setup: PageSetup;
}
/** What was told, never what is still to come: a request can't rely on another's call, which ends with that request. */
const remembered = new Map<PageId, Remembered>();
/** Goes up with each change made from here: what was asked before it may be older than it. */
let changes = 0;

/**
 * A page whose object can't be reached is served as it was last, or as the deployment says.
 * @param maxAgeMs for who has reason to think that it has changed: what was told longer ago doesn't count
 */
export async function setupOf(
  source: SetupSource,
  page: PageId,
  maxAgeMs = Number.POSITIVE_INFINITY,
): Promise<PageSetup> {
  const { config, pages } = source;
  const now = Date.now();
  const known = remembered.get(page);
  const last = known?.config === config ? known : undefined;
  if (last && now < last.until && now - last.at < maxAgeMs) return last.setup;
  if (last) last.until = now + ASKING_MS;
  const before = changes;
  try {
    const setup = await ask(config, pages.getByName(page), page);
    if (before === changes) remember(page, { config, at: now, until: now + FRESH_MS, setup });
    return setup;
  } catch (error) {
    console.error({ event: "page_unreachable", error: String(error) });
    return last?.setup ?? { ...setupFrom(config, page, null, config.pageTokens.get(page)), isGuess: true };
  }
}

function remember(page: PageId, told: Remembered): void {
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(page, told);
}

/** It has been changed from here: the next to ask is told anew. */
export function forgetSetup(page: PageId): void {
  changes++;
  remembered.delete(page);
}

async function ask(config: Config, object: DurableObjectStub<Page>, page: PageId): Promise<PageSetup> {
  const stored = await object.channel();
  const token = await tokenIn(stored, config, page, (sealed, anew) => object.reseal(sealed, anew));
  const setup = setupFrom(config, page, stored, token);
  if (token !== undefined && setup.token === undefined) {
    console.error({ event: "app_not_configured", page, app: setup.app.id });
  }
  return setup;
}

async function tokenIn(
  stored: StoredChannel | null,
  { sealingKeys, pageTokens }: Config,
  page: PageId,
  reseal: (sealed: string, anew: string) => Promise<unknown>,
): Promise<string | undefined> {
  if (!stored || (stored.token === null && stored.isConnected)) return pageTokens.get(page);
  if (stored.token === null) return undefined;
  const opened = await unseal(sealingKeys, stored.token, tokenOf(page));
  if (!opened) {
    // The key it was sealed under is no longer set.
    console.error({ event: "token_not_opened", page });
    return undefined;
  }
  if (opened.isStale) {
    try {
      await reseal(stored.token, await seal(sealingKeys, opened.text, tokenOf(page)));
    } catch (error) {
      // It is open all the same, and sealed anew the next time.
      console.error({ event: "page_unreachable", error: String(error) });
    }
  }
  return opened.text;
}

const tokenOf = (page: PageId) => ({ page, purpose: "page_token" });

/** Pure. @param token in clear */
export function setupFrom(
  config: Config,
  page: PageId,
  stored: Pick<StoredChannel, "settings" | "appId" | "isConnected"> | null,
  token: string | undefined,
): PageSetup {
  const own: WrittenSettings = stored?.settings == null ? {} : JSON.parse(stored.settings);
  const written = settingsOf({ ...config.writtenFor(page), ...own });
  // Should Meta not have heard of the end of it, its events still come.
  const settings = stored?.isConnected === false ? { ...written, isOn: false } : written;
  const appId = stored?.appId ?? settings.appId;
  const named = appId === null ? undefined : config.apps.find(({ id }) => id === appId);
  // An app that isn't configured any more: what another says of the page doesn't count, nor is it called as another's.
  const app = appId === null ? config.apps[0] : (named ?? { ...config.apps[0], id: appId });
  const specOf = (bot: WrittenBot) => specFrom(bot, config, app);
  const share = (one: BotShare | null) => one && { bot: specOf(one.bot), percent: one.percent };
  return {
    page,
    app,
    isAppsOwn: appId !== null,
    isGuess: false,
    token: appId !== null && !named ? undefined : token,
    settings,
    bot: settings.bot ? specOf(settings.bot) : ofDeployment(config, app),
    canary: share(settings.canary),
    shadow: share(settings.shadow),
  };
}

function specFrom(bot: WrittenBot, config: Config, app: App): BotSpec {
  const { url, protocol, tokenName, signingName, timeoutMs, model, prompt, turns } = bot;
  const ownKeys = signingName === null ? undefined : config.botSigningKeys.get(signingName);
  const { timeoutMs: longest, appSecret = app.secrets[0] } = config.bot;
  return {
    url,
    protocol,
    token: tokenName === null ? undefined : config.botTokens.get(tokenName),
    signingKeys: ownKeys ?? config.bot.signingKeys,
    timeoutMs: Math.min(timeoutMs ?? longest, longest),
    model: model ?? undefined,
    prompt: prompt ?? undefined,
    turns: turns ?? DEFAULT_TURNS,
    appSecret,
  };
}

function ofDeployment({ bot }: Config, app: App): BotSpec {
  const { url, protocol, token, signingKeys, timeoutMs, model, prompt, appSecret = app.secrets[0] } = bot;
  return { url, protocol, token, signingKeys, timeoutMs, model, prompt, turns: DEFAULT_TURNS, appSecret };
}

/** What of a page's settings its conversations go by. */
export function rulesOf({ settings }: PageSetup): PageRules {
  const { isOn, forwardStandby, pauseOnInboxReply, handBackMs, gatherMs, stateTtlMs } = settings;
  // For a bot that is switched off nothing is to wait: what comes next would wait behind it.
  const callbacks = isOn ? settings.callbacks : [];
  return { forwardStandby, pauseOnInboxReply, handBackMs, gatherMs, stateTtlMs, callbacks };
}

/** Event types that go to a page's bot; `undefined` = all. */
export function botEventsOf({ settings, bot }: PageSetup, config: Config): ReadonlySet<string> | undefined {
  return settings.isOn ? eventsFor(config, bot.protocol) : NONE;
}

const NONE: ReadonlySet<string> = new Set();
