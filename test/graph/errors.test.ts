import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../src/graph/errors.ts";

type Listed = [code: number, subcode: number | undefined, kind: string, name: string | undefined];

/** Meta's own table, and what was seen beside it. @see https://developers.facebook.com/docs/messenger-platform/error-codes */
const LISTED: readonly Listed[] = [
  [1, undefined, "retry", "temporary"],
  [2, undefined, "retry", "temporary"],
  [1200, undefined, "retry", "temporary"],
  [1200, 2018024, "retry", "temporary"],
  [1, 99, "failed", "permission"],
  [1, 1357046, "unknown", undefined],

  [4, undefined, "retry", "rate_limited"],
  [17, undefined, "retry", "rate_limited"],
  [32, undefined, "retry", "rate_limited"],
  [341, undefined, "retry", "rate_limited"],
  [613, undefined, "retry", "rate_limited"],
  [613, 1893015, "retry", "rate_limited"],
  [613, 2534040, "retry", "rate_limited"],
  [80001, undefined, "retry", "rate_limited"],
  [80006, undefined, "retry", "rate_limited"],
  [4, 2018354, "failed", "too_frequent"],
  [9, 2018352, "failed", "too_frequent"],
  [613, 1893016, "failed", "too_frequent"],

  [10, 2018278, "failed", "window_closed"],
  [10, 2018065, "failed", "window_closed"],
  [10, 2534022, "failed", "window_closed"],
  [10, undefined, "failed", "permission"],
  [10, 1404170, "failed", "permission"],
  [200, undefined, "failed", "permission"],
  [230, undefined, "failed", "permission"],
  [3, undefined, "failed", "permission"],
  [200, 2534041, "failed", "permission"],
  [10, 1893015, "failed", "opted_out"],

  [100, 2018001, "failed", "no_such_user"],
  [100, 2534014, "failed", "no_such_user"],
  [100, 33, "failed", "no_such_user"],
  [100, 2018218, "failed", "no_profile"],
  [100, 2018247, "failed", "no_profile"],
  [2018218, undefined, "failed", "no_profile"],

  [100, 2018109, "failed", "attachment"],
  [100, 2018047, "failed", "attachment"],
  [100, 2018074, "failed", "attachment"],
  [100, 2018008, "retry", "attachment"],
  [100, 2018294, "retry", "attachment"],

  [100, undefined, "failed", "invalid"],
  [100, 2018145, "failed", "invalid"],
  [100, 2534015, "failed", "invalid"],
  [105, undefined, "failed", "invalid"],
  [194, undefined, "failed", "invalid"],

  [190, undefined, "hold", "needs_reauth"],
  [190, 458, "hold", "needs_reauth"],
  [190, 460, "hold", "needs_reauth"],
  [190, 463, "hold", "needs_reauth"],
  [190, 467, "hold", "needs_reauth"],
  [190, 492, "hold", "needs_reauth"],
  [102, undefined, "hold", "needs_reauth"],
  [368, undefined, "hold", "page_blocked"],
  [10, 1893063, "hold", "page_blocked"],
  [100, 2534029, "hold", "page_blocked"],

  [200, 1545041, "failed", "user_unavailable"],
  [551, 1545041, "failed", "user_unavailable"],
  [551, undefined, "failed", "user_unavailable"],
  [10, 2018108, "failed", "user_unavailable"],
  [200, 2018027, "failed", "app_in_development"],
  [200, 2018028, "failed", "app_in_development"],

  [200, 2018300, "failed", "not_thread_owner"],
  [10, 2018300, "failed", "not_thread_owner"],
  [2018300, undefined, "failed", "not_thread_owner"],
  [100, 2534037, "failed", "not_thread_owner"],
  [200, 2534022, "failed", "not_thread_owner"],
  [2018321, undefined, "retry", "temporary"],
  [2018171, undefined, "failed", "handover_disabled"],

  [999999, undefined, "retry", "unknown_error"],
];

const fine = { message: "words", isTransient: false };
const status = fc.integer({ min: 400, max: 499 }).filter((one) => one !== 429);
/** Nothing in it that the table listens for. */
const words = fc.string({ unit: fc.constantFrom(..."bcjkqvwxyz 0123456789"), maxLength: 80 });

describe("Meta's errors", () => {
  for (const [code, subcode, kind, name] of LISTED) {
    it(`${code}${subcode === undefined ? "" : `/${subcode}`} → ${kind} ${name ?? ""}`, () => {
      expect(judge(400, { ...fine, code, subcode }, undefined)).toEqual({
        kind,
        reason: `(#${code}${subcode === undefined ? "" : `/${subcode}`}) words`,
        ...(name === undefined ? {} : { code: name }),
      });
    });
  }

  it("are judged as listed whatever the status and the words", () => {
    fc.assert(
      fc.property(fc.constantFrom(...LISTED), status, words, ([code, subcode, kind, name], http, message) => {
        expect(judge(http, { code, subcode, message, isTransient: false }, undefined)).toMatchObject(
          name === undefined ? { kind } : { kind, code: name },
        );
      }),
    );
  });

  it("with a subcode that nobody knows are judged by their code", () => {
    const subcodes = new Set(LISTED.map(([, subcode]) => subcode));
    const known = LISTED.filter(([code, subcode]) => subcode === undefined && code < 1_000_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...known),
        fc.integer({ min: 3_000_000, max: 4_000_000 }),
        ([code, , kind, name], subcode) => {
          fc.pre(!subcodes.has(subcode));
          expect(judge(400, { ...fine, code, subcode }, undefined)).toMatchObject({ kind, code: name });
        },
      ),
    );
  });

  it("that are transient are never final", () => {
    fc.assert(
      fc.property(fc.constantFrom(...LISTED), ([code, subcode]) => {
        const outcome = judge(400, { code, subcode, message: "", isTransient: true }, undefined);
        expect(outcome.kind).not.toBe("failed");
      }),
    );
  });
});

describe("errors without a code of their own", () => {
  const said = (code: number, message: string) =>
    judge(400, { code, subcode: undefined, message, isTransient: false }, undefined);

  it("are told by their words: whose the thread is", () => {
    const all = [
      "(#10) Message failed to send because another app is controlling this thread now.",
      "The action is invalid since it's not the thread owner.",
      "Cannot send message: this app is not the owner of the thread",
    ];
    for (const message of all) {
      for (const code of [10, 100, 200]) {
        expect(said(code, message)).toMatchObject({ kind: "failed", code: "not_thread_owner" });
      }
    }
  });

  it("are told by their words: the window", () => {
    expect(said(10, "(#10) This message is sent outside of allowed window.")).toMatchObject({
      code: "window_closed",
    });
  });

  it("are told by their words: a page without handover protocol", () => {
    expect(said(100, "Handover Protocol APIs disabled for this page")).toMatchObject({
      kind: "failed",
      code: "handover_disabled",
    });
  });

  it("are told by their words: an app in development", () => {
    const message =
      "Cannot message users who are not admins, developers or testers of the app until pages_messaging is reviewed";
    expect(said(200, message)).toMatchObject({ kind: "failed", code: "app_in_development" });
  });
});
