import type { Facts } from "./facts.ts";
import { give, isApp } from "./owner.ts";
import type { Refusal } from "./sends.ts";
import { changeState, withoutStale } from "./state.ts";
import type { BotAnswer, OutgoingBody } from "./work.ts";

/** What a bot's answer makes of a conversation. */
export interface Accepted {
  /** The same object when nothing changes. */
  facts: Facts;
  /** What goes out: its messages, with what Meta has to be told of a handover. */
  messages: OutgoingBody[];
  /** Why none of it goes out. */
  refusal: Refusal | null;
}

interface Asked {
  /** Whose turn it was when the bot was asked. */
  owner: string;
  /** How long its state is kept if it doesn't say, ms. */
  stateTtlMs: number | null;
}

/** Pure. */
export function acceptAnswer(
  facts: Facts,
  answer: BotAnswer,
  { owner: told, stateTtlMs }: Asked,
  now: number,
): Accepted {
  const stated = withState(facts, answer, stateTtlMs, now);
  const { handover, messages } = answer;
  // Whoever took the conversation over while the bot was thinking isn't to be talked over: only who knows that it is
  // another's turn can claim it.
  const isClaimed = handover === "bot" && told !== "bot";
  if (facts.owner !== "bot" && !isClaimed) return { facts: stated, messages, refusal: notOwner(facts) };
  if (handover === undefined) return { facts: stated, messages, refusal: null };
  const { facts: given, first, last } = handOver(stated, handover, now);
  return { facts: given, messages: [...first, ...messages, ...last], refusal: null };
}

/** Why the bot may not write. */
export const notOwner = ({ owner }: Facts): Refusal => ({
  code: "not_owner",
  reason: `the conversation's owner is ${owner}, not the bot`,
});

/** What a handover comes to. */
interface Handover {
  facts: Facts;
  /** What Meta has to be told before anything is written under the new owner, and after: nothing, for our own switch. */
  first: OutgoingBody[];
  last: OutgoingBody[];
}

/** Gives the conversation to someone. Pure. */
export function handOver(facts: Facts, owner: string, now: number): Handover {
  // It has been asked for already: Meta would refuse a thread that isn't ours any more.
  if (isApp(owner) && facts.owner === owner) return { facts, first: [], last: [] };
  const pass = { thread_control: "pass_thread_control", target_app_id: owner };
  return {
    facts: give(facts, owner, "ours", now),
    // Also from an app that Meta hasn't confirmed yet: our call may be on its way.
    first: isApp(facts.owner) ? [{ thread_control: "take_thread_control" }] : [],
    last: isApp(owner) ? [pass] : [],
  };
}

function withState(facts: Facts, answer: BotAnswer, pageTtlMs: number | null, now: number): Facts {
  const { state, stateVersion: told, stateTtlMs: ttlMs = pageTtlMs } = answer;
  if (state === undefined) return facts.stateRefused === null ? facts : { ...facts, stateRefused: null };
  const current = withoutStale(facts, now);
  // What ran out while the bot was thinking is no other's change: the new state takes its place.
  const version = told === facts.stateVersion ? current.stateVersion : told;
  const changed = changeState(current, { state, version, ttlMs }, now);
  return typeof changed === "string" ? { ...facts, stateRefused: changed } : changed;
}
