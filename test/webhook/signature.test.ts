import { describe, expect, it } from "vitest";
import { signerOf } from "../../src/webhook/signature.ts";
import vectors from "../fixtures/signature-vectors.json";

const APPS = [
  { id: "1", secrets: ["first-app-secret", "second-app-secret"] },
  { id: "2", secrets: ["third-app-secret"] },
] as const;
const bytes = (text: string) => Uint8Array.from(new TextEncoder().encode(text));
const [plain] = vectors;
if (!plain) throw new Error("no vectors");

describe("X-Hub-Signature-256", () => {
  for (const { name, body, first, second } of vectors) {
    it(`accepts what OpenSSL signed: ${name}`, async () => {
      expect(await signerOf(`sha256=${first}`, bytes(body), APPS)).toBe(APPS[0]);
    });

    it(`accepts the second of two secrets: ${name}`, async () => {
      expect(await signerOf(`sha256=${second}`, bytes(body), APPS)).toBe(APPS[0]);
    });
  }

  it("refuses each signature with any one bit flipped", async () => {
    for (let bit = 0; bit < 256; bit++) {
      const digit = bit >> 2;
      const flipped = (Number.parseInt(plain.first[digit] ?? "0", 16) ^ (1 << (bit & 3))).toString(16);
      const hex = plain.first.slice(0, digit) + flipped + plain.first.slice(digit + 1);
      expect(await signerOf(`sha256=${hex}`, bytes(plain.body), APPS)).toBeUndefined();
    }
  });

  it("refuses a body with any one bit flipped", async () => {
    for (let bit = 0; bit < plain.body.length * 8; bit++) {
      const body = bytes(plain.body);
      body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await signerOf(`sha256=${plain.first}`, body, APPS)).toBeUndefined();
    }
  });

  it("reads hex digits in either case", async () => {
    expect(await signerOf(`sha256=${plain.first.toUpperCase()}`, bytes(plain.body), APPS)).toBe(APPS[0]);
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
      expect(await signerOf(header, bytes(plain.body), APPS)).toBeUndefined();
    });
  }

  it("refuses the signature of a secret that isn't configured", async () => {
    const others = [{ id: "1", secrets: ["second-app-secret"] }] as const;
    expect(await signerOf(`sha256=${plain.first}`, bytes(plain.body), others)).toBeUndefined();
  });

  it("tells whose it is among several apps", async () => {
    const apps = [APPS[1], { id: "3", secrets: ["second-app-secret"] }, APPS[0]] as const;
    expect((await signerOf(`sha256=${plain.first}`, bytes(plain.body), apps))?.id).toBe("1");
    expect((await signerOf(`sha256=${plain.second}`, bytes(plain.body), apps))?.id).toBe("3");
  });

  it("is over the bytes as received: escaped and raw Unicode differ", async () => {
    const escaped = vectors.find((one) => one.name.startsWith("escaped emoji"));
    if (!escaped) throw new Error("no vector");
    const reserialised = JSON.stringify(JSON.parse(escaped.body));
    expect(await signerOf(`sha256=${escaped.first}`, bytes(reserialised), APPS)).toBeUndefined();
  });
});
