import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/webhook/json.ts";

const parse = (text: string) => parseJson(new TextEncoder().encode(text));
const read = (text: string) => {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.value;
};

describe("parsing a webhook body", () => {
  it("keeps ids beyond 2^53 digit by digit, also when a payload has them unquoted", () => {
    expect(read('{"id":12345678901234567,"list":[-9007199254740993,1234567890123456789]}')).toEqual({
      id: "12345678901234567",
      list: ["-9007199254740993", "1234567890123456789"],
    });
  });

  it("leaves numbers alone that a double holds", () => {
    expect(read('{"t":1790000000000,"max":9007199254740991}')).toEqual({
      t: 1_790_000_000_000,
      max: 9007199254740991,
    });
  });

  it("leaves fractions, exponents and digits inside strings alone", () => {
    expect(read('{"a":48.20849012345679,"b":1e21,"s":"12345678901234567, \\"98765432109876543\\""}')).toEqual(
      {
        a: 48.20849012345679,
        b: 1e21,
        s: '12345678901234567, "98765432109876543"',
      },
    );
  });

  it("reads any JSON of safe numbers as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        const plain: unknown = JSON.parse(text);
        const hasBig = /\d{16}/.test(text);
        if (!hasBig) expect(read(text)).toEqual(plain);
      }),
    );
  });

  it("refuses what is not UTF-8 or not JSON, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const parsed = parseJson(bytes);
        if (parsed.ok) expect(() => JSON.parse(new TextDecoder().decode(bytes))).not.toThrow();
        else expect(parsed.code).toBe("malformed_json");
      }),
    );
  });

  it("refuses JSON nested deeper than anything Meta sends", () => {
    const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(parse(deep(64))).toMatchObject({ ok: true });
    expect(parse(deep(65))).toEqual({ ok: false, code: "too_deep" });
    expect(parse(deep(400_000))).toEqual({ ok: false, code: "too_deep" });
  });

  it("does not count brackets inside strings", () => {
    expect(read(`{"text":"${"[".repeat(500)}\\"${"{".repeat(500)}"}`)).toEqual({
      text: `${"[".repeat(500)}"${"{".repeat(500)}`,
    });
  });
});
