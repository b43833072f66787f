import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partIn } from "../../src/media/range.ts";

describe("the part of a file", () => {
  it("is told by its first and last byte, its first, or how many are the last", () => {
    expect(partIn("bytes=0-1", 10)).toEqual({ offset: 0, length: 2 });
    expect(partIn("bytes=4-", 10)).toEqual({ offset: 4, length: 6 });
    expect(partIn("bytes=-3", 10)).toEqual({ offset: 7, length: 3 });
  });

  it("ends where the file does", () => {
    expect(partIn("bytes=8-99", 10)).toEqual({ offset: 8, length: 2 });
    expect(partIn("bytes=-99", 10)).toEqual({ offset: 0, length: 10 });
  });

  it("can't be had beyond the end, or of nothing", () => {
    for (const header of ["bytes=10-", "bytes=10-12", "bytes=-0"]) {
      expect(partIn(header, 10), header).toBe("unsatisfiable");
    }
    expect(partIn("bytes=0-", 0)).toBe("unsatisfiable");
  });

  it("is the whole when the request names none, several, or nonsense", () => {
    for (const header of [null, "", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b"]) {
      expect(partIn(header, 10), String(header)).toBeUndefined();
    }
  });

  it("always lies within the file", () => {
    const edge = fc.oneof(fc.constant(""), fc.nat({ max: 300 }).map(String));
    fc.assert(
      fc.property(edge, edge, fc.nat({ max: 200 }), (from, to, size) => {
        const part = partIn(`bytes=${from}-${to}`, size);
        if (part === undefined || part === "unsatisfiable") return;
        expect(part.length).toBeGreaterThan(0);
        expect(part.offset).toBeGreaterThanOrEqual(0);
        expect(part.offset + part.length).toBeLessThanOrEqual(size);
      }),
    );
  });
});
