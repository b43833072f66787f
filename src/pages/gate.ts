import type { HoldCode } from "../conversation/work.ts";

/**
 * A page's way to one of its ends, a bot or Graph: open, or shut for a reason until a time. Pure; the page's object
 * keeps it (page.ts), every isolate remembers what it was told of it (dispatch/gates.ts).
 *
 * Nobody asks whether a gate is open: that would cost every message a request. Trouble is reported, and who reports it is
 * told whether the gate is shut. So a page without trouble never hears of its gates.
 */

export type Side = "bot" | "canary" | "graph";
export const SIDES: readonly Side[] = ["bot", "canary", "graph"];

/** How work comes to a gate: by itself, to try whether it opens, or because it has opened. */
export type Way = "ordinary" | "probe" | "woken";

export interface Shut {
  reason: ShutReason;
  /** ms; when it is tried again. */
  until: number;
}

export type ShutReason =
  /** The bot fails across conversations. */
  | "bot_failing"
  /** The bot answered 410: it wants no more. */
  | "bot_gone"
  /** Someone has switched it off. */
  | "bot_off"
  | HoldCode;

export interface Trouble {
  conversation: string;
  reason: ShutReason;
  /** How long the other side asked to wait, ms. */
  afterMs: number | undefined;
  /** Whether it was the page's own try. */
  isProbe: boolean;
  /** What went well at the reporter's since its last report: a bot that mostly answers isn't failing. */
  successes: number;
}

/** Failures of the bot that count, and how they are judged. */
export const FAILING = {
  /** How long a failure counts, ms. */
  windowMs: 60_000,
  failures: 5,
  /** One conversation that fails again and again says something about its events, not about the bot. */
  conversations: 3,
} as const;

export interface Tally {
  failures: { at: number; conversation: string }[];
  successes: { at: number; count: number }[];
}

export const freshTally = (): Tally => ({ failures: [], successes: [] });

/** Counts a failure. @returns whether the bot is failing: more often than not, and across conversations */
export function countFailure(tally: Tally, { conversation, successes }: Trouble, now: number): boolean {
  tally.failures = tally.failures.filter(({ at }) => at > now - FAILING.windowMs).slice(-100);
  tally.successes = tally.successes.filter(({ at }) => at > now - FAILING.windowMs).slice(-100);
  tally.failures.push({ at: now, conversation });
  if (successes > 0) tally.successes.push({ at: now, count: successes });
  const answered = tally.successes.reduce((sum, { count }) => sum + count, 0);
  const conversations = new Set(tally.failures.map((one) => one.conversation)).size;
  return (
    tally.failures.length >= FAILING.failures &&
    conversations >= FAILING.conversations &&
    tally.failures.length > answered
  );
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How a shut gate is tried again: after how long, and by how many conversations at once. */
export function probing(
  reason: ShutReason,
  probes: number,
  afterMs: number | undefined,
): { waitMs: number; count: number } {
  switch (reason) {
    case "bot_failing":
      return { waitMs: Math.min(5 * SECOND * 2 ** probes, MINUTE), count: 3 };
    case "bot_gone":
    case "bot_off":
      // The page asks no more. What ends it: someone who replays, or an answer to what an isolate lets through that has
      // forgotten (dispatch/gates.ts).
      return { waitMs: Number.POSITIVE_INFINITY, count: 0 };
    case "rate_limited":
      return {
        waitMs: Math.min(Math.max(afterMs ?? 30 * SECOND * 2 ** probes, SECOND), 24 * 60 * MINUTE),
        count: 1,
      };
    default:
      // A person is at work on it: soon after they are done, at little cost until then.
      return { waitMs: Math.min(15 * SECOND * 2 ** probes, 5 * MINUTE), count: 1 };
  }
}
