import { bytesOf } from "../utf8.ts";
import type { Facts } from "./facts.ts";
import { STATE_MAX_BYTES } from "./limits.ts";
import { ELSEWHERE, give } from "./owner.ts";
import type { Refusal } from "./sends.ts";
import type { BotAnswer, OutgoingBody } from "./work.ts";

/** What a bot's answer makes of a conversation. */
export interface Accepted {
  /** The same object when nothing changes. */
  facts: Facts;
  /** What goes out: its messages, then what Meta has to be told of a handover. */
  messages: OutgoingBody[];
  /** Why none of it goes out. */
  refusal: Refusal | null;
}

/** Pure. */
export function acceptAnswer(facts: Facts, answer: BotAnswer, now: number): Accepted {
  const stated = withState(facts, answer);
  const { handover, messages } = answer;
  // Whoever took the conversation over while the bot was thinking isn't to be talked over.
  if (facts.owner !== "bot" && handover !== "bot")
    return { facts: stated, messages, refusal: notOwner(facts) };
  if (handover === undefined) return { facts: stated, messages, refusal: null };
  const { facts: given, control } = handOver(stated, handover, now);
  return { facts: given, messages: control ? [...messages, control] : messages, refusal: null };
}

/** Why the bot may not write. */
export const notOwner = ({ owner }: Facts): Refusal => ({
  code: "not_owner",
  reason: `the conversation's owner is ${owner}, not the bot`,
});

/**
 * Gives the conversation to someone, and says what Meta has to be told: nothing, when it is only our own switch.
 * Pure.
 */
export function handOver(
  facts: Facts,
  owner: string,
  now: number,
): { facts: Facts; control: OutgoingBody | null } {
  const isApps = owner !== "bot" && owner !== "human";
  const wasApps = facts.owner !== "bot" && facts.owner !== "human";
  const next = give(facts, owner, "ours", now);
  if (isApps)
    return { facts: next, control: { thread_control: "pass_thread_control", target_app_id: owner } };
  const isTaken = wasApps && (facts.ownerBy === "meta" || facts.owner === ELSEWHERE);
  return { facts: next, control: isTaken ? { thread_control: "take_thread_control" } : null };
}

function withState(facts: Facts, { state, stateVersion }: BotAnswer): Facts {
  if (state === undefined) return facts.stateRefused === null ? facts : { ...facts, stateRefused: null };
  if (bytesOf(state) > STATE_MAX_BYTES) return { ...facts, stateRefused: "too_large" };
  if (stateVersion !== undefined && stateVersion !== facts.stateVersion) {
    return { ...facts, stateRefused: "stale_version" };
  }
  return { ...facts, state, stateVersion: facts.stateVersion + 1, stateRefused: null };
}
