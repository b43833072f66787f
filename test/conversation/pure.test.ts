import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { botBackoff, sendBackoff } from "../../src/conversation/backoff.ts";
import { howManyFit } from "../../src/conversation/fitting.ts";
import {
  DELIVERY_MAX_BYTES,
  DELIVERY_MAX_EVENTS,
  leaseMs,
  postponeMs,
  SEND_MS,
} from "../../src/conversation/limits.ts";
import { readMark, writeMark } from "../../src/conversation/mark.ts";
import { type GraphError, judge } from "../../src/graph/errors.ts";

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const HOUR = 3_600_000;

describe("backoff", () => {
  it("is jittered over the whole step, never beyond it, and ends with the schedule", () => {
    const steps = [5_000, 300_000, 1_800_000, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), chance, (failures, random) => {
        const wait = botBackoff(failures, undefined, random);
        const step = steps[failures - 1];
        if (step === undefined) expect(wait).toBeUndefined();
        else {
          expect(wait).toBeGreaterThanOrEqual(1);
          expect(wait).toBeLessThanOrEqual(step);
          expect(botBackoff(failures, undefined, 0.999999)).toBeGreaterThan(step * 0.99);
        }
      }),
    );
  });

  it("waits at least as long as it is asked to, and not for more than a day", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 1e12 }),
        chance,
        (failures, asked, random) => {
          for (const wait of [botBackoff(failures, asked, random), sendBackoff(failures, asked, random)]) {
            expect(wait).toBeGreaterThanOrEqual(Math.min(asked, 24 * HOUR));
            expect(wait).toBeLessThanOrEqual(24 * HOUR + 1000);
          }
        },
      ),
    );
  });

  it("being put off takes ten minutes to six hours, longer the longer it lasts", () => {
    fc.assert(
      fc.property(fc.nat(80 * HOUR), fc.nat(80 * HOUR), chance, (one, other, random) => {
        const [shorter, longer] = [Math.min(one, other), Math.max(one, other)];
        expect(postponeMs(longer, random)).toBeGreaterThanOrEqual(postponeMs(shorter, random));
        expect(postponeMs(shorter, random)).toBeGreaterThanOrEqual(600_000);
        expect(postponeMs(longer, random)).toBeLessThanOrEqual(6 * HOUR);
      }),
    );
  });

  it("a lease outlasts the work it is for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 25_000 }), (botTimeout) => {
        expect(leaseMs(botTimeout)).toBeGreaterThanOrEqual(Math.max(botTimeout, SEND_MS) + 5_000);
      }),
    );
  });
});

describe("splitting events into deliveries", () => {
  it("takes all in order, within the limits, never an empty one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 2 * DELIVERY_MAX_BYTES }), { maxLength: 120 }),
        (sizes) => {
          let rest = sizes;
          while (rest.length > 0) {
            const count = howManyFit(rest);
            const taken = rest.slice(0, count);
            expect(count).toBeGreaterThan(0);
            expect(count).toBeLessThanOrEqual(DELIVERY_MAX_EVENTS);
            const bytes = taken.reduce((sum, size) => sum + size, 0);
            if (count > 1) expect(bytes).toBeLessThanOrEqual(DELIVERY_MAX_BYTES);
            // As many as fit: one more would be too many.
            const more = rest[count];
            if (more !== undefined)
              expect(count === DELIVERY_MAX_EVENTS || bytes + more > DELIVERY_MAX_BYTES).toBe(true);
            rest = rest.slice(count);
          }
        },
      ),
    );
  });
});

describe("the mark in a message's metadata", () => {
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 8, maxLength: 8 });

  it("is read as it was written, whatever the bot's own metadata", () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.nat(9999),
        hex,
        fc.option(fc.string({ maxLength: 2000 })),
        (entry, index, nonce, own) => {
          const metadata = writeMark({ entry, index, nonce }, own);
          expect(readMark(metadata)).toEqual({ entry, index, nonce });
          expect(metadata.length).toBeLessThanOrEqual(1000);
          if (own !== null && own.length <= 900) expect(metadata.endsWith(` ${own}`)).toBe(true);
        },
      ),
    );
  });

  it("is found in nothing else", () => {
    fc.assert(
      fc.property(fc.string(), (metadata) => {
        fc.pre(!metadata.startsWith("mg1."));
        expect(readMark(metadata)).toBeUndefined();
      }),
    );
  });
});

describe("the table of Meta's errors", () => {
  const error: fc.Arbitrary<GraphError> = fc.record({
    code: fc.oneof(
      fc.constantFrom(1, 2, 3, 4, 10, 17, 32, 100, 190, 200, 230, 368, 551, 613, 1200, 80006),
      fc.nat(100_000),
    ),
    subcode: fc.option(fc.oneof(fc.constantFrom(99, 33, 460, 463, 1545041, 2018001, 2018278), fc.nat(3e6)), {
      nil: undefined,
    }),
    message: fc.string(),
    isTransient: fc.boolean(),
  });

  it("has an answer for everything, with Meta's own words, and never calls an error sent", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        error,
        fc.option(fc.nat(1e9), { nil: undefined }),
        (status, one, afterMs) => {
          const outcome = judge(status, one, afterMs);
          expect(["retry", "unknown", "failed", "hold"]).toContain(outcome.kind);
          if (outcome.kind !== "sent") expect(outcome.reason).toContain(`(#${one.code}`);
          // What concerns the page's token is held whatever else the error says: no message is lost to it.
          if (one.code === 190) expect(outcome.kind).toBe("hold");
          if (one.isTransient) expect(outcome.kind).not.toBe("failed");
        },
      ),
    );
  });
});
