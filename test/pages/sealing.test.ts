import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seal, unseal } from "../../src/pages/sealing.ts";

const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const [NEW, OLD, OTHER] = [keyOf(1), keyOf(2), keyOf(3)];
const OF = { page: "100200300400500", purpose: "page_token" };
const TOKEN = "EAAGm0PX4ZCpsBA-token-of-a-page";

describe("a sealed text", () => {
  it("opens under its key, and says that it is fresh", async () => {
    const sealed = await seal([NEW], TOKEN, OF);
    expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/);
    expect(sealed).not.toContain("token");
    expect(await unseal([NEW], sealed, OF)).toEqual({ text: TOKEN, isStale: false });
  });

  it("never looks the same twice", async () => {
    expect(await seal([NEW], TOKEN, OF)).not.toBe(await seal([NEW], TOKEN, OF));
  });

  it("is sealed under the newest key, opens under an older one, and says then that it is stale", async () => {
    const sealed = await seal([OLD], TOKEN, OF);
    expect(await unseal([NEW, OLD], sealed, OF)).toEqual({ text: TOKEN, isStale: true });
    const anew = await seal([NEW, OLD], TOKEN, OF);
    expect(await unseal([NEW], anew, OF)).toEqual({ text: TOKEN, isStale: false });
  });

  it.each([
    ["another key", [OTHER], OF],
    ["no key", [], OF],
    ["another page", [NEW], { ...OF, page: "100200300400501" }],
    ["another purpose", [NEW], { ...OF, purpose: "user_token" }],
    [
      "a page and purpose that only look the same together",
      [NEW],
      { page: "", purpose: "page_token100200300400500" },
    ],
  ])("doesn't open for %s", async (_, keys, of) => {
    expect(await unseal(keys, await seal([NEW], TOKEN, OF), of)).toBeUndefined();
  });

  it("isn't made without a key", async () => {
    await expect(seal([], TOKEN, OF)).rejects.toThrow(RangeError);
  });

  it("comes back whatever it was", async () => {
    const anything = fc.string({ unit: "grapheme", maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(anything, fc.string(), async (text, page) => {
        const of = { page, purpose: "page_token" };
        expect(await unseal([OLD, NEW], await seal([NEW], text, of), of)).toEqual({ text, isStale: true });
      }),
      { numRuns: 50 },
    );
  });

  it("doesn't open when any of it was changed, and nothing that isn't one does", async () => {
    const sealed = await seal([NEW], TOKEN, OF);
    const at = fc.integer({ min: 0, max: sealed.length - 1 });
    await fc.assert(
      fc.asyncProperty(at, fc.constantFrom(..."AZaz09-_.!"), async (place, char) => {
        const changed = sealed.slice(0, place) + char + sealed.slice(place + 1);
        fc.pre(changed !== sealed);
        const opened = await unseal([NEW], changed, OF);
        // The last character of base64 has bits that stand for nothing.
        if (place < sealed.length - 1) expect(opened).toBeUndefined();
        else expect([undefined, TOKEN]).toContain(opened?.text);
      }),
      { numRuns: 100 },
    );
    for (const odd of ["", "v1...", TOKEN, `v2${sealed.slice(2)}`])
      expect(await unseal([NEW], odd, OF)).toBeUndefined();
  });
});
