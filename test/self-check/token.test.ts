import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenFacts } from "../../src/graph/app-token.ts";
import { stateOf } from "../../src/self-check/problems.ts";
import { reauthReason, type TokenOwner, tokenProblems } from "../../src/self-check/token.ts";

const DAY_MS = 24 * 60 * 60_000;
const NOW = 1_790_000_000_000;
const owner: TokenOwner = { appId: "1", source: "facebook", facebookPage: "2", channel: "2" };
const good: TokenFacts = {
  isValid: true,
  type: "PAGE",
  appId: "1",
  profileId: "2",
  expiresAt: null,
  dataAccessExpiresAt: null,
  scopes: ["pages_messaging", "pages_manage_metadata"],
  limits: new Map(),
  complaint: null,
};
const codesOf = (more: Partial<Parameters<typeof tokenProblems>[0]>, of = owner) =>
  tokenProblems({ ...good, ...more }, of, NOW).map(({ code, about }) => `${code} ${about ?? ""}`.trim());

describe("what Meta tells of a token", () => {
  it("is no problem when it is the page's, valid, and may do what it must", () => {
    expect(codesOf({})).toEqual([]);
    expect(codesOf({ appId: null, profileId: null })).toEqual([]);
  });

  it("is a warning two weeks ahead of an end, of the token or of what the app may see", () => {
    const [soon, later] = [NOW + 14 * DAY_MS, NOW + 14 * DAY_MS + 1];
    expect(codesOf({ expiresAt: soon })).toEqual(["token_expires_soon 2026-10-05"]);
    expect(codesOf({ dataAccessExpiresAt: soon })).toEqual(["data_access_expires_soon 2026-10-05"]);
    expect(codesOf({ expiresAt: later, dataAccessExpiresAt: later })).toEqual([]);
    expect(codesOf({ expiresAt: null, dataAccessExpiresAt: null })).toEqual([]);
  });

  it("asks for Instagram's permissions where it is an account's, for the page or the account", () => {
    const account: TokenOwner = { ...owner, source: "instagram", channel: "3" };
    const scopes = ["instagram_basic", "pages_manage_metadata"];
    expect(codesOf({ scopes }, account)).toEqual(["permission_missing instagram_manage_messages"]);
    const all = [...scopes, "instagram_manage_messages"];
    const limits = (id: string) => new Map([["instagram_manage_messages", [id]]]);
    expect(codesOf({ scopes: all, limits: limits("3") }, account)).toEqual([]);
    expect(codesOf({ scopes: all, limits: limits("4") }, account)).toHaveLength(1);
  });

  it("needs a person just when it is trouble", () => {
    const facts = fc.record({
      isValid: fc.boolean(),
      type: fc.constantFrom("PAGE", "USER", ""),
      appId: fc.constantFrom("1", "9", null),
      profileId: fc.constantFrom("2", "9", null),
      expiresAt: fc.constantFrom(null, NOW - DAY_MS, NOW + DAY_MS, NOW + 99 * DAY_MS),
      dataAccessExpiresAt: fc.constantFrom(null, NOW + DAY_MS),
      scopes: fc.subarray(["pages_messaging", "pages_manage_metadata", "email"]),
      limits: fc.constantFrom(new Map(), new Map([["pages_messaging", ["9"]]])),
      complaint: fc.constantFrom(null, "Session has expired"),
    });
    fc.assert(
      fc.property(facts, (one) => {
        const problems = tokenProblems(one, owner, NOW);
        expect(reauthReason(problems) !== undefined).toBe(stateOf(problems) === "trouble");
      }),
    );
  });
});
