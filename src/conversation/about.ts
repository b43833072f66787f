import type { Effect, OptIn } from "./effect.ts";

/**
 * What is known of the user besides what they wrote, and in the page's own conversation of the page. Kept as one JSON
 * text: it changes seldom and is read whole.
 */
export interface About {
  /** How the user came here last. */
  referral?: {
    ref: string | null;
    source: string | null;
    type: string | null;
    adId: string | null;
    at: number;
  };
  /** What the user has permitted; a token that is used up or stopped for good is taken out. */
  optins?: (OptIn & { at: number })[];
  account?: { status: "linked" | "unlinked"; at: number };
  /** What the user typed into forms, by key. Personal data. */
  contact?: Record<string, string>;
  /** The last comment under a post, which can be answered privately once. */
  comment?: { id: string; post: string | null; at: number; isAnswered: boolean };
  /** The app that asked for the thread last. */
  wantedBy?: { app: string; at: number };
  feedback?: { mid: string | null; feedback: string; at: number };
  policy?: { action: string; reason: string; at: number };
  roles?: Record<string, string[]>;
}

/** More opt-ins of one user than a page can use. */
const MAX_OPTINS = 20;
const MAX_ANSWERS = 50;

/**
 * What an effect adds to it; the same object when it adds nothing, as when something newer is known. Pure.
 * @param at Meta's time of the event, ms
 */
export function learn(about: About, effect: Effect, at: number): About {
  const isNews = (known: { at: number } | undefined) => known === undefined || known.at <= at;
  switch (effect.kind) {
    case "referral": {
      const { kind: _, ...referral } = effect;
      return isNews(about.referral) ? { ...about, referral: { ...referral, at } } : about;
    }
    case "optin":
      return { ...about, optins: permitted(about.optins ?? [], { ...effect.optin, at }) };
    case "account_link":
      return isNews(about.account) ? { ...about, account: { status: effect.status, at } } : about;
    case "contact": {
      const answers = Object.fromEntries(
        effect.answers.slice(0, MAX_ANSWERS).map((one) => [one.key, one.value]),
      );
      return { ...about, contact: { ...about.contact, ...answers } };
    }
    case "comment":
      return isNews(about.comment) ? commented(about, effect, at) : about;
    case "thread_wanted":
      return isNews(about.wantedBy) ? { ...about, wantedBy: { app: effect.app, at } } : about;
    case "feedback": {
      const { mid, feedback } = effect;
      return isNews(about.feedback) ? { ...about, feedback: { mid, feedback, at } } : about;
    }
    case "policy": {
      const { action, reason } = effect;
      return isNews(about.policy) ? { ...about, policy: { action, reason, at } } : about;
    }
    case "app_roles":
      return { ...about, roles: effect.roles };
    default:
      return about;
  }
}

/** What was sent with a token or to a comment can't be sent so again. Pure. */
export function spend(about: About, spent: string): About {
  const { comment, optins } = about;
  if (comment?.id === spent) return { ...about, comment: { ...comment, isAnswered: true } };
  // A marketing token goes on until it expires.
  const left = optins?.filter((one) => !(one.kind === "one_time" && one.token === spent));
  return left && left.length !== optins?.length ? { ...about, optins: left } : about;
}

/** Ways to write to the user that don't depend on the window. */
export function waysPast(about: About, now: number): string[] {
  const ways = (about.optins ?? []).flatMap((one) => {
    if (one.kind === "one_time") return ["one_time_notif_token"];
    const isUsable =
      one.kind === "marketing" && one.status === "active" && (one.expiresAt === null || one.expiresAt > now);
    return isUsable ? ["notification_messages_token"] : [];
  });
  return [...new Set(ways)];
}

/** The newest last; a token's newer state replaces the older. */
function permitted(optins: (OptIn & { at: number })[], optin: OptIn & { at: number }) {
  if (optins.some((one) => isSame(one, optin) && one.at > optin.at)) return optins;
  const others = optins.filter((one) => !isSame(one, optin));
  return [...others, optin].slice(-MAX_OPTINS);
}

function isSame(one: OptIn, other: OptIn): boolean {
  if (one.kind === "plugin" || other.kind === "plugin") return one.kind === other.kind;
  return one.token === other.token;
}

function commented(about: About, { id, post, verb }: Effect & { kind: "comment" }, at: number): About {
  const { comment, ...rest } = about;
  if (verb === "add") return { ...about, comment: { id, post, at, isAnswered: false } };
  return verb === "remove" && comment?.id === id ? rest : about;
}
