import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { App } from "../../src/env.ts";
import { readSignedRequest } from "../../src/privacy/signed-request.ts";
import fixture from "../fixtures/signed-request-vectors.json";
import { signedRequest } from "./signing.ts";

const { now, vectors } = fixture;
const APPS: Pick<App, "id" | "secrets">[] = fixture.apps.map(({ id, secrets: [first = "", ...rest] }) => ({
  id,
  secrets: [first, ...rest],
}));
const ISSUED_AT = now / 1000;
const read = (text: string) => readSignedRequest(text, APPS, now);

describe("a signed request", () => {
  for (const { name, signed_request, app, person, code } of vectors) {
    it(`${code === undefined ? "is taken" : "is refused"}: ${name}`, async () => {
      const result = await read(signed_request);
      if (code !== undefined) expect(result).toEqual({ ok: false, code });
      else expect(result).toMatchObject({ ok: true, app: { id: app }, person });
    });
  }

  it("is recognised when it is repeated, without telling whose it was", async () => {
    const [first, other] = vectors;
    const marks = await Promise.all(
      [first, first, other].map(async (one) => {
        const result = await read(one?.signed_request ?? "");
        return result.ok ? result.mark : "";
      }),
    );
    expect(marks[0]).toBe(marks[1]);
    expect(marks[0]).not.toBe(marks[2]);
    expect(marks[0]).not.toContain("218471900100200");
  });

  it("is taken of anybody, under any of the secrets", async () => {
    const person = fc.bigInt({ min: 1n, max: 10n ** 20n }).map(String);
    const secret = fc.constantFrom(...fixture.apps.flatMap(({ secrets }) => secrets));
    await fc.assert(
      fc.asyncProperty(person, secret, async (user, key) => {
        const text = await signedRequest({ user_id: user, issued_at: ISSUED_AT }, key);
        expect(await read(text)).toMatchObject({ ok: true, person: user });
      }),
      { numRuns: 200 },
    );
  });

  it("is refused with any one character changed", async () => {
    const text = await signedRequest({ user_id: "7", issued_at: ISSUED_AT }, "first-app-secret");
    const place = fc.nat(text.length - 1);
    const character = fc.constantFrom(
      ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. +/",
    );
    await fc.assert(
      fc.asyncProperty(place, character, async (at, changed) => {
        const next = text.slice(0, at) + changed + text.slice(at + 1);
        // The last character of a signature has two bits that mean nothing.
        fc.pre(next !== text && at !== 42);
        expect((await read(next)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused, whatever else it may be, and never throws", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.base64String(),
      fc.tuple(fc.base64String(), fc.base64String()).map((parts) => parts.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (garbage) => {
        expect((await read(garbage)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused or taken, but never throws, with any JSON that is signed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (payload) => {
        const text = await signedRequest(payload, "first-app-secret");
        expect((await read(text)).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
