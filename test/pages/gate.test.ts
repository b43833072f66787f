import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countFailure, FAILING, freshTally, probing } from "../../src/pages/gate.ts";

const NOW = 1_795_000_000_000;
const failure = (conversation: string, successes = 0) => ({
  conversation,
  reason: "bot_failing" as const,
  afterMs: undefined,
  isProbe: false,
  successes,
});

describe("when a bot is failing", () => {
  it("is after five failures in a minute across three conversations", () => {
    const tally = freshTally();
    expect(["a", "b", "a", "b"].map((name) => countFailure(tally, failure(name), NOW))).not.toContain(true);
    expect(countFailure(tally, failure("c"), NOW)).toBe(true);
  });

  it("is not after any number of failures of two conversations", () => {
    const tally = freshTally();
    const verdicts = Array.from({ length: 200 }, (_, at) =>
      countFailure(tally, failure(at % 2 ? "a" : "b"), NOW + at),
    );
    expect(verdicts).not.toContain(true);
  });

  it("is not while it answers more often than it fails", () => {
    const tally = freshTally();
    const verdicts = Array.from({ length: 50 }, (_, at) =>
      countFailure(tally, failure(`${at}`, 2), NOW + at),
    );
    expect(verdicts).not.toContain(true);
  });

  it("forgets failures after a minute", () => {
    const tally = freshTally();
    const verdicts = Array.from({ length: 50 }, (_, at) =>
      countFailure(tally, failure(`${at}`), NOW + (at * FAILING.windowMs) / 4 + at),
    );
    expect(verdicts).not.toContain(true);
  });
});

describe("a shut gate", () => {
  it("is tried after 5 s, then ever more rarely, at least once a minute, by few", () => {
    const waits = Array.from({ length: 12 }, (_, probes) => probing("bot_failing", probes, undefined));
    expect(waits.slice(0, 5).map(({ waitMs }) => waitMs)).toEqual([5000, 10_000, 20_000, 40_000, 60_000]);
    expect(Math.max(...waits.map(({ waitMs }) => waitMs))).toBe(60_000);
    expect(waits.every(({ count }) => count === 3)).toBe(true);
  });

  it("for a rate limit stays shut as long as Meta asks, within a day", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.nat(30), (afterMs, probes) => {
        const { waitMs } = probing("rate_limited", probes, afterMs);
        expect(waitMs).toBeGreaterThanOrEqual(Math.min(afterMs, 24 * 3_600_000));
        expect(waitMs).toBeLessThanOrEqual(24 * 3_600_000);
      }),
    );
  });

  it("because the bot is gone is not tried at all", () => {
    expect(probing("bot_gone", 3, undefined)).toEqual({ waitMs: Number.POSITIVE_INFINITY, count: 0 });
  });
});
