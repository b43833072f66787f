import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelope, type QueuedItem } from "../../src/simulator/webhook/envelope.ts";

const PAGE = "100200300400500";

const items = fc.array(
  fc.record({
    channel: fc.constantFrom("messaging", "standby", "changes"),
    group: fc.constantFrom("7001", "7002"),
    item: fc.record({ n: fc.nat() }),
    hopContext: fc.constantFrom(null, [{ app_id: 1 }]),
  }),
  { minLength: 1, maxLength: 30 },
);

const wrapped = (queued: readonly QueuedItem[]) =>
  JSON.parse(envelope("page", PAGE, queued, 1_790_000_000_123));
type Entry = Record<string, unknown> & { readonly time: number };
const listOf = (entry: Entry, channel: string): unknown[] => {
  const list = entry[channel];
  return Array.isArray(list) ? list : [];
};
const allOf = (entry: Entry) =>
  ["messaging", "standby", "changes"].flatMap((channel) => listOf(entry, channel));

describe("an envelope", () => {
  it("holds every item, once and in order", () => {
    fc.assert(
      fc.property(items, (queued) => {
        expect(wrapped(queued).entry.flatMap(allOf)).toEqual(queued.map(({ item }) => item));
      }),
    );
  });

  it("has in each entry one list, of one person's items, beside their own hop_context", () => {
    fc.assert(
      fc.property(items, (queued) => {
        let next = 0;
        for (const entry of wrapped(queued).entry) {
          const count = allOf(entry).length;
          const inside = queued.slice(next, next + count);
          next += count;
          expect(new Set(inside.map(({ group, channel }) => `${group} ${channel}`)).size).toBe(1);
          expect(listOf(entry, inside[0]?.channel ?? "")).toHaveLength(count);
          expect(entry.hop_context ?? null).toEqual(inside[0]?.hopContext);
        }
      }),
    );
  });

  it("is dated in milliseconds, with changes in seconds", () => {
    const item = { group: "7001", item: {}, hopContext: null };
    const { entry } = wrapped([
      { ...item, channel: "messaging" },
      { ...item, channel: "changes" },
    ]);
    expect(entry.map(({ time }: Entry) => time)).toEqual([1_790_000_000_123, 1_790_000_000]);
  });
});
