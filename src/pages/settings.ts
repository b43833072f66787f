import * as z from "zod/mini";
import type { OwnerRules } from "../conversation/owner.ts";
import type { PageId } from "../ids.ts";

/** How one page is served. Every setting has a default, so that a page works without any. */
export interface PageSettings {
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

const MINUTE = 60_000;
/** A pause must fit into the time a message may take (conversation/limits.ts). */
const MAX_PAUSE_MS = 4_000;

const schema = z.strictObject({
  human_agent: z.optional(z.boolean()),
  forward_standby: z.optional(z.boolean()),
  pause_on_inbox_reply: z.optional(z.boolean()),
  hand_back_minutes: z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(30 * 24 * 60)))),
  split_text: z.optional(z.boolean()),
  mark_seen: z.optional(z.boolean()),
  typing: z.optional(z.boolean()),
  pause: z.optional(
    z.nullable(
      z.strictObject({
        ms_per_character: z.number().check(z.minimum(0), z.maximum(1000)),
        max_ms: z.number().check(z.minimum(0), z.maximum(MAX_PAUSE_MS)),
      }),
    ),
  ),
  persona_id: z.optional(z.nullable(z.string().check(z.regex(/^\d{1,32}$/)))),
  user_fields: z.optional(z.array(z.string().check(z.regex(/^[a-z_]{1,40}$/))).check(z.maxLength(20))),
  profile: z.optional(z.looseObject({})),
});
type Written = z.infer<typeof schema>;

const fileSchema = z.record(
  z.string().check(z.regex(/^(default|\d{1,32})$/, '"default" or a page\'s id')),
  schema,
);

export type SettingsOfPage = (page: PageId) => PageSettings;

/**
 * Reads `{"default":{…},"<page_id>":{…}}`: a page has its own, else the default's, else the built-in ones.
 * @returns where it is malformed, as a path, if it is
 */
export function parsePageSettings(text: string): { of: SettingsOfPage } | { malformed: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { malformed: "it is not JSON" };
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { malformed: `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "not valid"}` };
  }
  const { default: common, ...pages } = parsed.data;
  const shared = settingsOf(common);
  const own = new Map(Object.entries(pages).map(([page, one]) => [page, settingsOf({ ...common, ...one })]));
  return { of: (page) => own.get(page) ?? shared };
}

/** What a page is served with that has no settings. */
export const builtInSettings: SettingsOfPage = () => BUILT_IN;

function settingsOf(written: Written = {}): PageSettings {
  const { hand_back_minutes: minutes = 12 * 60, pause = null } = written;
  return {
    humanAgent: written.human_agent ?? false,
    forwardStandby: written.forward_standby ?? false,
    pauseOnInboxReply: written.pause_on_inbox_reply ?? true,
    handBackMs: minutes === null ? null : minutes * MINUTE,
    splitText: written.split_text ?? true,
    markSeen: written.mark_seen ?? true,
    typing: written.typing ?? true,
    pause: pause && { msPerCharacter: pause.ms_per_character, maxMs: pause.max_ms },
    persona: written.persona_id ?? null,
    userFields: written.user_fields ?? ["first_name", "last_name", "profile_pic"],
    profile: written.profile,
  };
}

const BUILT_IN = settingsOf();

/** What a page's settings say about owners: all that its conversations need of them. */
export function ownerRulesOf({ settingsOf }: { settingsOf: SettingsOfPage }, page: PageId): OwnerRules {
  const { forwardStandby, pauseOnInboxReply, handBackMs } = settingsOf(page);
  return { forwardStandby, pauseOnInboxReply, handBackMs };
}
