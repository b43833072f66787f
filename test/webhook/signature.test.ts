import { describe, expect, it } from "vitest";
import { isSignedByMeta } from "../../src/webhook/signature.ts";
import vectors from "../fixtures/signature-vectors.json";

const SECRETS = ["first-app-secret", "second-app-secret"];
const bytes = (text: string) => Uint8Array.from(new TextEncoder().encode(text));
const [plain] = vectors;
if (!plain) throw new Error("no vectors");

describe("X-Hub-Signature-256", () => {
  for (const { name, body, first, second } of vectors) {
    it(`accepts what OpenSSL signed: ${name}`, async () => {
      expect(await isSignedByMeta(`sha256=${first}`, bytes(body), SECRETS)).toBe(true);
    });

    it(`accepts the second of two secrets: ${name}`, async () => {
      expect(await isSignedByMeta(`sha256=${second}`, bytes(body), SECRETS)).toBe(true);
    });
  }

  it("refuses each signature with any one bit flipped", async () => {
    for (let bit = 0; bit < 256; bit++) {
      const digit = bit >> 2;
      const flipped = (Number.parseInt(plain.first[digit] ?? "0", 16) ^ (1 << (bit & 3))).toString(16);
      const hex = plain.first.slice(0, digit) + flipped + plain.first.slice(digit + 1);
      expect(await isSignedByMeta(`sha256=${hex}`, bytes(plain.body), SECRETS)).toBe(false);
    }
  });

  it("refuses a body with any one bit flipped", async () => {
    for (let bit = 0; bit < plain.body.length * 8; bit++) {
      const body = bytes(plain.body);
      body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await isSignedByMeta(`sha256=${plain.first}`, body, SECRETS)).toBe(false);
    }
  });

  it("reads hex digits in either case", async () => {
    expect(await isSignedByMeta(`sha256=${plain.first.toUpperCase()}`, bytes(plain.body), SECRETS)).toBe(
      true,
    );
  });

  const refused: [string, string | null][] = [
    ["no header", null],
    ["an empty header", ""],
    ["the digest without its prefix", plain.first],
    ["another algorithm", `sha1=${plain.first}`],
    ["a digest cut short", `sha256=${plain.first.slice(0, 62)}`],
    ["a digest too long", `sha256=${plain.first}00`],
    ["digits that are not hex", `sha256=${"g".repeat(64)}`],
    ["two signatures", `sha256=${plain.first},sha256=${plain.first}`],
  ];
  for (const [name, header] of refused) {
    it(`refuses ${name}`, async () => {
      expect(await isSignedByMeta(header, bytes(plain.body), SECRETS)).toBe(false);
    });
  }

  it("refuses the signature of a secret that isn't configured", async () => {
    expect(await isSignedByMeta(`sha256=${plain.first}`, bytes(plain.body), ["second-app-secret"])).toBe(
      false,
    );
  });

  it("is over the bytes as received: escaped and raw Unicode differ", async () => {
    const escaped = vectors.find((one) => one.name.startsWith("escaped emoji"));
    if (!escaped) throw new Error("no vector");
    const reserialised = JSON.stringify(JSON.parse(escaped.body));
    expect(await isSignedByMeta(`sha256=${escaped.first}`, bytes(reserialised), SECRETS)).toBe(false);
  });
});
