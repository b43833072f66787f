import type { Effect } from "./effect.ts";

/**
 * Who answers the user: `bot`, `human`, another app's id, or {@link ELSEWHERE}. Only when it is the bot's turn do its
 * answers go out. Meta's own thread control and our switch are kept apart, since a page may have only ours. Pure.
 */
export interface Ownership {
  owner: string;
  /** Whose word it is: Meta's, or only ours. */
  ownerBy: "meta" | "ours";
  /** ms; by Meta's time where it is Meta's word. What is told of an earlier time changes nothing. */
  ownerSince: number;
  /** When a person wrote to the user last, ms; 0 = never. */
  humanAt: number;
}

/** Meta shows us the thread as someone else's, and hasn't said whose. */
const ELSEWHERE = "elsewhere";

/** What of a page's settings decides about owners (pages/settings.ts). Crosses the RPC border: plain data only. */
export interface OwnerRules {
  forwardStandby: boolean;
  pauseOnInboxReply: boolean;
  handBackMs: number | null;
}

export const FRESH_OWNERSHIP: Ownership = { owner: "bot", ownerBy: "ours", ownerSince: 0, humanAt: 0 };

/**
 * The facts as of now: a person's turn ends by itself when they have been silent for long enough. The same object when
 * nothing changes, as below.
 */
export function asOf<T extends Ownership>(facts: T, handBackMs: number | null, now: number): T {
  if (facts.owner !== "human" || handBackMs === null) return facts;
  const until = Math.max(facts.ownerSince, facts.humanAt) + handBackMs;
  return now > until ? give(facts, "bot", "ours", until) : facts;
}

export function give<T extends Ownership>(
  facts: T,
  owner: string,
  ownerBy: "meta" | "ours",
  since: number,
): T {
  if (facts.owner === owner && facts.ownerBy === ownerBy) return facts;
  return { ...facts, owner, ownerBy, ownerSince: since };
}

/** A person wrote to the user. @param at when, ms */
export function wroteInPerson<T extends Ownership>(facts: T, rules: OwnerRules, at: number): T {
  const written = { ...facts, humanAt: Math.max(facts.humanAt, at) };
  const takesOver = rules.pauseOnInboxReply && facts.owner === "bot" && at >= facts.ownerSince;
  return takesOver ? give(written, "human", "ours", at) : written;
}

/** What an event says about the owner. @param at when it was, ms */
export function heard<T extends Ownership>(facts: T, effect: Effect, rules: OwnerRules, at: number): T {
  if (effect.kind === "written" && effect.by === "person") return wroteInPerson(facts, rules, at);
  if (effect.kind !== "thread" || at < facts.ownerSince) return facts;
  // An idle thread is anyone's: whoever answers first has it. A person we know of goes on.
  if (effect.owner === null) return facts.owner === "human" ? facts : give(facts, "bot", "meta", at);
  return give(facts, effect.owner, "meta", at);
}

/**
 * Where Meta delivers what a user does tells who owns the thread: `messaging` to the owner, `standby` to the others.
 * Our own switch is not Meta's to change.
 */
export function deliveredIn<T extends Ownership>(facts: T, channel: "messaging" | "standby", at: number): T {
  if (at < facts.ownerSince) return facts;
  if (channel === "standby") return facts.owner === "bot" ? give(facts, ELSEWHERE, "meta", at) : facts;
  return facts.ownerBy === "meta" && isApp(facts.owner) ? give(facts, "bot", "meta", at) : facts;
}

/** Meta has refused what we wrote, since the thread isn't ours. No time goes with it: the next event may know better. */
export const foundElsewhere = <T extends Ownership>(facts: T): T => ({
  ...facts,
  owner: ELSEWHERE,
  ownerBy: "meta",
});

/** Whether an owner is another app, known or not: only those have the thread by Meta's thread control. */
export const isApp = (owner: string): boolean => owner !== "bot" && owner !== "human";
