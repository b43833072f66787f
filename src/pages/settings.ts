import * as z from "zod/mini";
import { BOT_PROTOCOLS, type BotProtocol } from "../bots/bot.ts";
import { isAllowedUrl } from "../env-formats.ts";

/** How one page is served. Every setting has a default, so that a page works without any. */
export interface PageSettings {
  /** The bot gets the page's events. Switched off, they are only recorded, and people may answer. */
  isOn: boolean;
  /** Whose webhooks and tokens the page's are, where the gateway serves several apps; `null`: the first's. */
  appId: string | null;
  /** `null`: the deployment's (`BOT_URL`). */
  bot: WrittenBot | null;
  /** A bot that gets a stable share of the users instead. */
  canary: BotShare | null;
  /** A bot that gets what the bot of a share of the users gets; its answers are compared, never sent. */
  shadow: BotShare | null;
  /** How long to wait for more before what a user writes goes to the bot, ms; 0: not at all. */
  gatherMs: number;
  /** How long the bot's state is kept after it was written last, ms; `null`: as long as the conversation. */
  stateTtlMs: number | null;
  /** What the bot hears of its messages and its page, beside what Meta tells. */
  callbacks: readonly Callback[];
  /** Meta has granted the app Human Agent: people may write until 7 days after the user's last message. */
  humanAgent: boolean;
  /** What others are answering — another app, or a person — goes to the bot too; it can't answer it. */
  forwardStandby: boolean;
  /** A person who writes in Meta's own inbox takes the conversation over. */
  pauseOnInboxReply: boolean;
  /** The bot gets the conversation back when no person has written for so long, ms; `null`: only by call. */
  handBackMs: number | null;
  /** A text longer than Meta takes goes out as several messages. */
  splitText: boolean;
  /** The user sees that their message was seen when the bot has it. */
  markSeen: boolean;
  /** The user sees typing dots while the bot thinks. */
  typing: boolean;
  /** Time between the messages of one answer, as if a person typed them; `null`: none. */
  pause: { msPerCharacter: number; maxMs: number } | null;
  /** Who the bot's messages are from, if they name no persona; `null`: the page. */
  persona: string | null;
  /** What is asked of Meta about a user; empty: nothing. */
  userFields: readonly string[];
  /** The page's Messenger profile as it should be (src/profile has its schema). */
  profile: Record<string, unknown> | undefined;
}

/** A bot as settings name it. */
export interface WrittenBot {
  url: string;
  protocol: BotProtocol;
  /** The name of its token: the secret `BOT_TOKEN_<NAME>`. */
  tokenName: string | null;
  /** The name of what its requests are signed under: the secret `BOT_SIGNING_SECRET_<NAME>`; `null`: as all are. */
  signingName: string | null;
  timeoutMs: number | null;
  /** For language models: which one, what it is told first, and how many turns it is reminded of. */
  model: string | null;
  prompt: string | null;
  turns: number | null;
}

export interface BotShare {
  bot: WrittenBot;
  /** Of the users, 0 to 100. */
  percent: number;
}

export const CALLBACKS = [
  "message.failed",
  "message.delivered",
  "message.read",
  "page.needs_reauth",
] as const;
export type Callback = (typeof CALLBACKS)[number];

const MINUTE = 60_000;
/** A pause must fit into the time a message may take (conversation/limits.ts). */
const MAX_PAUSE_MS = 4_000;
/** Whoever writes on is waited for up to five times as long (conversation/limits.ts). */
const MAX_GATHER_MS = 10_000;

const metaId = z.string().check(z.regex(/^\d{1,32}$/, "an id of Meta's"));

const bot = z.strictObject({
  url: z.string().check(z.refine(isAllowedUrl, "an https URL of a public host (http: loopback only)")),
  protocol: z.optional(z.enum(BOT_PROTOCOLS)),
  token: z.optional(
    z.nullable(z.string().check(z.regex(/^[A-Z0-9_]{1,64}$/, "the NAME in BOT_TOKEN_<NAME>"))),
  ),
  signing_secret: z.optional(
    z.nullable(z.string().check(z.regex(/^[A-Z0-9_]{1,64}$/, "the NAME in BOT_SIGNING_SECRET_<NAME>"))),
  ),
  timeout_ms: z.optional(z.nullable(z.int().check(z.minimum(100), z.maximum(25_000)))),
  model: z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(200)))),
  prompt: z.optional(z.nullable(z.string().check(z.maxLength(20_000)))),
  turns: z.optional(z.nullable(z.int().check(z.minimum(0), z.maximum(100)))),
});
const share = z.strictObject({ bot, percent: z.number().check(z.minimum(0), z.maximum(100)) });

/** Settings as they are written: in `PAGE_SETTINGS`, in the configuration file and by call. `null` is the default. */
export const writtenSettings = z.strictObject({
  is_on: z.nullish(z.boolean()),
  app_id: z.nullish(metaId),
  bot: z.nullish(bot),
  canary: z.nullish(share),
  shadow: z.nullish(share),
  gather_ms: z.nullish(z.int().check(z.minimum(0), z.maximum(MAX_GATHER_MS))),
  state_ttl_minutes: z.nullish(z.int().check(z.minimum(1), z.maximum(365 * 24 * 60))),
  callbacks: z.nullish(z.array(z.enum(CALLBACKS)).check(z.maxLength(CALLBACKS.length))),
  human_agent: z.nullish(z.boolean()),
  forward_standby: z.nullish(z.boolean()),
  pause_on_inbox_reply: z.nullish(z.boolean()),
  /** 0 and `null`: only by call. */
  hand_back_minutes: z.nullish(z.int().check(z.minimum(0), z.maximum(30 * 24 * 60))),
  split_text: z.nullish(z.boolean()),
  mark_seen: z.nullish(z.boolean()),
  typing: z.nullish(z.boolean()),
  pause: z.nullish(
    z.strictObject({
      ms_per_character: z.number().check(z.minimum(0), z.maximum(1000)),
      max_ms: z.number().check(z.minimum(0), z.maximum(MAX_PAUSE_MS)),
    }),
  ),
  persona_id: z.nullish(metaId),
  user_fields: z.nullish(z.array(z.string().check(z.regex(/^[a-z_]{1,40}$/))).check(z.maxLength(20))),
  profile: z.nullish(z.looseObject({})),
});
export type WrittenSettings = z.infer<typeof writtenSettings>;

const fileSchema = z.record(
  z.string().check(z.regex(/^(default|\d{1,32})$/, '"default" or a page\'s id')),
  writtenSettings,
);

/** What is written for a page in the deployment: its own settings over the default's. */
export type WrittenFor = (page: string) => WrittenSettings;

/**
 * Reads `{"default":{…},"<page_id>":{…}}`.
 * @returns where it is malformed, as a path, if it is
 */
export function parsePageSettings(
  text: string,
): { of: WrittenFor; all: WrittenSettings[] } | { malformed: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { malformed: "it is not JSON" };
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) return { malformed: issueIn(parsed.error) };
  const { default: common = {}, ...pages } = parsed.data;
  const own = new Map(Object.entries(pages).map(([page, one]) => [page, { ...common, ...one }]));
  return { of: (page) => own.get(page) ?? common, all: [common, ...own.values()] };
}

/** Settings from outside, checked. `issue` names the place. */
export function readSettings(
  value: unknown,
): { ok: true; settings: WrittenSettings } | { ok: false; issue: string } {
  const parsed = writtenSettings.safeParse(value);
  return parsed.success ? { ok: true, settings: parsed.data } : { ok: false, issue: issueIn(parsed.error) };
}

function issueIn({ issues: [issue] }: z.core.$ZodError): string {
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown].map(String).join(".");
  return `${path}: ${unknown.length > 0 ? "there is no such setting" : (issue?.message ?? "not valid")}`;
}

/** Secrets by the names that bots are given for them. */
interface KnownSecrets {
  botTokens: ReadonlyMap<string, unknown>;
  botSigningKeys: ReadonlyMap<string, unknown>;
}

/** The secrets that bots in these settings name and that aren't set. */
export function missingSecrets({ bot, canary, shadow }: WrittenSettings, known: KnownSecrets): string[] {
  return [bot, canary?.bot, shadow?.bot].flatMap((one) => {
    const { token, signing_secret: secret } = one ?? {};
    return [
      ...(token && !known.botTokens.has(token) ? [`BOT_TOKEN_${token}`] : []),
      ...(secret && !known.botSigningKeys.has(secret) ? [`BOT_SIGNING_SECRET_${secret}`] : []),
    ];
  });
}

/** What is written, with the defaults. */
export function settingsOf(written: WrittenSettings): PageSettings {
  const { hand_back_minutes: minutes, state_ttl_minutes: ttl, pause } = written;
  return {
    isOn: written.is_on ?? true,
    appId: written.app_id ?? null,
    bot: written.bot ? botOf(written.bot) : null,
    canary: shareOf(written.canary),
    shadow: shareOf(written.shadow),
    gatherMs: written.gather_ms ?? 0,
    stateTtlMs: ttl == null ? null : ttl * MINUTE,
    callbacks: written.callbacks ?? [],
    humanAgent: written.human_agent ?? false,
    forwardStandby: written.forward_standby ?? false,
    pauseOnInboxReply: written.pause_on_inbox_reply ?? true,
    handBackMs: minutes === null || minutes === 0 ? null : (minutes ?? 12 * 60) * MINUTE,
    splitText: written.split_text ?? true,
    markSeen: written.mark_seen ?? true,
    typing: written.typing ?? true,
    pause: pause ? { msPerCharacter: pause.ms_per_character, maxMs: pause.max_ms } : null,
    persona: written.persona_id ?? null,
    userFields: written.user_fields ?? ["first_name", "last_name", "profile_pic"],
    profile: written.profile ?? undefined,
  };
}

function botOf({
  url,
  protocol,
  token,
  signing_secret,
  timeout_ms,
  model,
  prompt,
  turns,
}: z.infer<typeof bot>): WrittenBot {
  return {
    url,
    protocol: protocol ?? "native",
    tokenName: token ?? null,
    signingName: signing_secret ?? null,
    timeoutMs: timeout_ms ?? null,
    model: model ?? null,
    prompt: prompt ?? null,
    turns: turns ?? null,
  };
}

const shareOf = (written: WrittenSettings["canary"]): BotShare | null =>
  written ? { bot: botOf(written.bot), percent: written.percent } : null;
