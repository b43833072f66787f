import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Platform } from "../../src/messages/platform.ts";
import { splitText } from "../../src/messages/split.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const bare = (text: string) => text.replaceAll(/\s/gu, "");
const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Short texts, repeated until they are too long for one message. */
const longText = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(" ", "  ", "\n", "\r\n", "\n\n", ". ", "。", "\u00a0", " \u0301"),
        },
        {
          weight: 2,
          arbitrary: fc.constantFrom("👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301", "\ud83d", "क्ष", "\u0600 "),
        },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
      ),
      { minLength: 1, maxLength: 20 },
    ),
    fc.integer({ min: 1, max: 400 }),
  )
  .map(([parts, count]) => parts.join("").repeat(count).slice(0, 12_000))
  .filter((text) => text.trim() !== "");
const platform = fc.constantFrom<Platform>("messenger", "instagram");

/** Where the pieces are in the text they were cut from. */
function placesOf(text: string, pieces: string[]): { start: number; end: number }[] {
  let from = 0;
  return pieces.map((piece) => {
    const start = text.indexOf(piece, from);
    from = start + piece.length;
    return { start, end: from };
  });
}

describe("splitting", () => {
  it("loses nothing but white space, and that at cuts only", () => {
    fc.assert(
      fc.property(longText, platform, (text, where) => {
        const pieces = splitText(text, where);
        expect(bare(pieces.join(""))).toBe(bare(text));
        let from = 0;
        for (const { start, end } of placesOf(text, pieces)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(text.slice(from, start).trim()).toBe("");
          from = end;
        }
      }),
    );
  });

  it("makes pieces that are within the limit and say something", () => {
    fc.assert(
      fc.property(longText, platform, (text, where) => {
        for (const piece of splitText(text, where)) {
          expect(where === "messenger" ? piece.length : bytesOf(piece)).toBeLessThanOrEqual(
            where === "messenger" ? 2000 : 1000,
          );
          expect(piece.trim()).not.toBe("");
        }
      }),
    );
  });

  it("leaves alone what is within the limit, its own pieces too", () => {
    fc.assert(
      fc.property(longText, platform, (text, where) => {
        for (const piece of splitText(text, where)) expect(splitText(piece, where)).toEqual([piece]);
      }),
    );
    expect(splitText("  Hi \n", "messenger")).toEqual(["  Hi \n"]);
  });

  it("never cuts a grapheme or a surrogate pair", () => {
    fc.assert(
      fc.property(longText, platform, (text, where) => {
        const borders = new Set([...segmenter.segment(text)].map(({ index }) => index)).add(text.length);
        for (const { start, end } of placesOf(text, splitText(text, where))) {
          expect([borders.has(start), borders.has(end)]).toEqual([true, true]);
        }
      }),
    );
  });

  it("takes a line break for one even before a mark that would join a letter", () => {
    const lines = Array.from({ length: 400 }, () => "\r\n\u{16F51}").join("");
    const borders = new Set([...segmenter.segment(lines)].map(({ index }) => index)).add(lines.length);
    for (const { start, end } of placesOf(lines, splitText(lines, "instagram"))) {
      expect([borders.has(start), borders.has(end)]).toEqual([true, true]);
    }
  });

  it.each<[string, string]>([
    ["a family", "👩‍👩‍👧‍👦"],
    ["a flag", "🇩🇪"],
    ["an accent of its own", "e\u0301"],
    ["a rocket", "🚀"],
  ])("keeps %s whole in a text without white space", (_, grapheme) => {
    for (const offset of ["", "x", "xx", "xxx"]) {
      for (const where of ["messenger", "instagram"] as const) {
        const pieces = splitText(offset + grapheme.repeat(2500), where);
        expect(pieces.join("")).toBe(offset + grapheme.repeat(2500));
        for (const piece of pieces) expect(piece.replace(/^x+/, "").replaceAll(grapheme, "")).toBe("");
      }
    }
  });

  it("cuts a grapheme only if it is longer than a message, and even then no surrogate pair", () => {
    const giant = `🚀${"\u{1F3FB}\u200D🚀".repeat(1000)}`;
    const pieces = splitText(giant, "messenger");
    expect(pieces.join("")).toBe(giant);
    for (const piece of pieces) {
      expect(piece.isWellFormed()).toBe(true);
      expect(piece.length).toBeLessThanOrEqual(2000);
    }
  });

  it("prefers paragraphs to lines, lines to sentences and sentences to words", () => {
    const words = "word ".repeat(250).trim();
    const tail = "tail ".repeat(200).trim();
    const cutAt = (border: string, rest: string) => splitText(`${words}${border}${rest}`, "messenger")[0];
    expect(cutAt("\n\n", `more\nmore. ${tail}`)).toBe(words);
    expect(cutAt("\n", `more. ${tail}`)).toBe(words);
    expect(cutAt(". ", tail)).toBe(`${words}.`);
    expect(cutAt(" ", tail)).toMatch(/tail$/);
    expect(splitText("这是一个句子。".repeat(400), "messenger")[0]).toMatch(/。$/);
  });

  it("does not leave a short piece for the sake of a paragraph", () => {
    const [first] = splitText(`Hi!\n\n${"word ".repeat(500)}`, "messenger");
    expect(first?.length).toBeGreaterThan(1900);
  });

  it("keeps a word whole that would fit a message of its own", () => {
    const link = `https://shop.example/${"x".repeat(1900)}`;
    expect(splitText(`Look: ${"word ".repeat(60)}${link}`, "messenger").at(-1)).toBe(link);
  });

  it("drops white space that is longer than a message", () => {
    expect(splitText(`a${" ".repeat(9000)}b`, "messenger")).toEqual(["a", "b"]);
    expect(splitText(`${"\n".repeat(9000)}b${" ".repeat(9000)}`, "messenger")).toEqual(["b"]);
  });

  // The clock of a Worker stands still while code runs: what would tell is the runner's limit of five seconds.
  it("takes 100 KB without a space in its stride", () => {
    for (const text of ["x".repeat(100_000), "👩‍👩‍👧‍👦".repeat(9000), "\u0301".repeat(100_000)]) {
      for (const where of ["messenger", "instagram"] as const) {
        expect(splitText(text, where).join("")).toBe(text);
      }
    }
  });
});
