import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInShare } from "../../src/dispatch/share.ts";

const ids = Array.from({ length: 4000 }, (_, n) => `100200300400500_${7_000_000_000_000_000n + BigInt(n)}`);
const countIn = (name: string, percent: number) => ids.filter((id) => isInShare(name, id, percent)).length;

describe("a share of the users", () => {
  it("is about as large as it says, also of ids in a row", () => {
    for (const percent of [1, 10, 50, 90]) {
      expect(Math.abs(countIn("canary", percent) / ids.length - percent / 100)).toBeLessThan(0.025);
    }
    expect([countIn("canary", 0), countIn("canary", 100)]).toEqual([0, ids.length]);
  });

  it("only grows: who is in a share is in every larger one", () => {
    const percents = fc.tuple(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.string(), percents, (id, [one, other]) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(isInShare("canary", id, less) && !isInShare("canary", id, more)).toBe(false);
      }),
    );
  });

  it("isn't of the same users as another share", () => {
    const both = ids.filter((id) => isInShare("canary", id, 50) && isInShare("shadow", id, 50)).length;
    expect(Math.abs(both / ids.length - 0.25)).toBeLessThan(0.03);
  });
});
