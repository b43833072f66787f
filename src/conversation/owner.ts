import type { Effect } from "./effect.ts";

/**
 * Who answers the user: `bot`, `human`, another app's id, or {@link ELSEWHERE}. Only when it is the bot's turn do its
 * answers go out. Meta's own thread control and our switch are kept apart, since a page may have only ours. Pure.
 */
export interface Ownership {
  owner: string;
  /** Whose word it is: Meta's, or only ours. */
  ownerBy: "meta" | "ours";
  /** ms */
  ownerSince: number;
  /** When a person wrote to the user last, ms; 0 = never. */
  humanAt: number;
}

/** Meta shows us the thread as someone else's, and hasn't said whose. */
export const ELSEWHERE = "elsewhere";

/** What of a page's settings decides about owners (pages/settings.ts). Crosses the RPC border: plain data only. */
export interface OwnerRules {
  forwardStandby: boolean;
  pauseOnInboxReply: boolean;
  handBackMs: number | null;
}

export const FRESH_OWNERSHIP: Ownership = { owner: "bot", ownerBy: "ours", ownerSince: 0, humanAt: 0 };

/** The owner as of now: a person's turn ends by itself when they have been silent for long enough. */
export function ownerAt(
  { owner, ownerSince, humanAt }: Ownership,
  handBackMs: number | null,
  now: number,
): string {
  if (owner !== "human" || handBackMs === null) return owner;
  return now - Math.max(ownerSince, humanAt) > handBackMs ? "bot" : "human";
}

/** The same object when nothing changes, as below. */
export function give<T extends Ownership>(facts: T, owner: string, ownerBy: "meta" | "ours", now: number): T {
  if (facts.owner === owner && facts.ownerBy === ownerBy) return facts;
  return { ...facts, owner, ownerBy, ownerSince: now };
}

/** A person wrote to the user. */
export function wroteInPerson<T extends Ownership>(facts: T, rules: OwnerRules, now: number): T {
  const written = { ...facts, humanAt: Math.max(facts.humanAt, now) };
  return rules.pauseOnInboxReply && facts.owner === "bot" ? give(written, "human", "ours", now) : written;
}

/** What an event says about the owner. @param at Meta's time of the event, ms */
export function heard<T extends Ownership>(
  facts: T,
  effect: Effect,
  rules: OwnerRules,
  at: number,
  now: number,
): T {
  if (effect.kind === "written" && effect.by === "person") {
    return wroteInPerson(facts, rules, Math.min(at, now));
  }
  if (effect.kind !== "thread") return facts;
  // An idle thread is anyone's: whoever answers first has it. A person we know of goes on.
  if (effect.owner === null) return facts.owner === "human" ? facts : give(facts, "bot", "meta", now);
  return give(facts, effect.owner, "meta", now);
}

/**
 * Where Meta delivers what a user does tells who owns the thread: `messaging` to the owner, `standby` to the others.
 * Our own switch is not Meta's to change.
 */
export function deliveredIn<T extends Ownership>(facts: T, channel: "messaging" | "standby", now: number): T {
  if (channel === "standby") return facts.owner === "bot" ? give(facts, ELSEWHERE, "meta", now) : facts;
  const isMetas = facts.ownerBy === "meta" && facts.owner !== "bot" && facts.owner !== "human";
  return isMetas ? give(facts, "bot", "meta", now) : facts;
}
