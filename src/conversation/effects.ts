import { learn } from "./about.ts";
import type { Facts } from "./facts.ts";
import { type IncomingEvent, isStandby } from "./incoming.ts";
import { asOf, deliveredIn, heard, type OwnerRules } from "./owner.ts";
import { applyReceipt } from "./receipts.ts";

/**
 * What an event makes of the facts; the same object when it tells nothing new. Pure.
 * @param sentAt when a message of ours was sent, by its mid; ms
 */
export function factsAfter(
  facts: Facts,
  event: IncomingEvent,
  rules: OwnerRules,
  sentAt: (mid: string) => number | undefined,
  now: number,
): Facts {
  const at = Math.min(event.at, now);
  let next = asOf(facts, rules.handBackMs, now);
  if (event.shownIn) next = deliveredIn(next, event.shownIn, at);
  for (const effect of event.effects ?? []) {
    next = heard(next, effect, rules, at);
    const about = learn(next.about, effect, event.at);
    if (about !== next.about) next = { ...next, about };
  }
  return event.receipt ? applyReceipt(next, event.receipt, sentAt) : next;
}

/** What concerns the thread itself the bot has to know, whoever's turn it is. */
const ABOUT_THREAD: ReadonlySet<string> = new Set(["thread", "thread_wanted", "app_roles"]);

/** Whether an event goes to the bot. @param facts as of after it */
export function goesToBot(event: IncomingEvent, facts: Facts, rules: OwnerRules): boolean {
  if (!event.forward) return false;
  const isBotsTurn = facts.owner === "bot" && !isStandby(event.key);
  if (isBotsTurn || rules.forwardStandby) return true;
  return event.effects?.some(({ kind }) => ABOUT_THREAD.has(kind)) ?? false;
}
