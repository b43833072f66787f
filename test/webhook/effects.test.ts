import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect } from "../../src/conversation/effect.ts";
import { writeMark } from "../../src/conversation/mark.ts";
import { effectsOf } from "../../src/webhook/effects.ts";
import { classify, classifyChange, EVENT_TYPES } from "../../src/webhook/events.ts";
import { APP, EVENTS, FEED_COMMENT, INBOX, OTHER_APP, PAGE } from "../fixtures/events.ts";

const AT = 1_790_000_000_000;
const CONTEXT = { channel: "messaging", at: AT, appId: APP } as const;
const NO_APP = { ...CONTEXT, appId: undefined };

const of = (item: Record<string, unknown>, context: Parameters<typeof effectsOf>[1] = CONTEXT): Effect[] =>
  effectsOf(classify(item, PAGE), context);

describe("what is noted of an event", () => {
  for (const { name, item, effects = [] } of EVENTS) {
    it(`is ${effects.map(({ kind }) => kind).join(", ") || "nothing"}: ${name}`, () => {
      expect(of(item)).toEqual(effects);
    });
  }

  it("never holds the authorization code of an account link", () => {
    const [effect] = of({ account_linking: { status: "linked", authorization_code: "sesame" } });
    expect(JSON.stringify(effect)).not.toContain("sesame");
  });

  it("is both of an opt-in that came by a link", () => {
    const effects = of({ optin: { ref: "cart", referral: { ref: "flyer", source: "SHORTLINK" } } });
    expect(effects.map(({ kind }) => kind)).toEqual(["optin", "referral"]);
  });

  it("is nothing where Meta leaves out what matters", () => {
    for (const item of [
      { reaction: { action: "react" } },
      { reaction: { mid: "m_1", action: "stare" } },
      { message_edit: { text: "Hello" } },
      { optin: { type: "notification_messages" } },
      { referral: {} },
      { account_linking: { status: "considering" } },
      { pass_thread_control: { metadata: "?" } },
      { request_thread_control: {} },
      { policy_enforcement: { reason: "spam" } },
      { messaging_customer_information: { screens: [{ responses: [] }] } },
    ]) {
      expect(of(item)).toEqual([]);
    }
  });
});

describe("who wrote a message of the page", () => {
  const written = (
    message: Record<string, unknown>,
    context = CONTEXT as Parameters<typeof effectsOf>[1],
  ) => {
    const [effect] = of({ message: { is_echo: true, mid: "m_out", ...message } }, context);
    return effect?.kind === "written" ? effect.by : undefined;
  };
  const mark = writeMark({ entry: 2, index: 0, nonce: "0123abcd" }, undefined);

  it("is us by our mark, whoever Meta says sent it, or by our app's id", () => {
    expect(written({ metadata: mark })).toBe("us");
    expect(written({ metadata: mark, app_id: OTHER_APP }, NO_APP)).toBe("us");
    expect(written({ app_id: Number(APP) })).toBe("us");
  });

  it("is an app by any other id, also when ours isn't known", () => {
    expect(written({ app_id: OTHER_APP })).toBe("app");
    expect(written({ app_id: APP }, NO_APP)).toBe("app");
  });

  it("is a person without an id or with that of Meta's inbox, of Instagram's or of the older one", () => {
    expect(written({})).toBe("person");
    for (const app_id of [INBOX, "1409659205758990", "1217981644879628"]) {
      expect(written({ app_id })).toBe("person");
    }
  });
});

describe("who owns the thread when our own app's id isn't known", () => {
  const passed = { pass_thread_control: { previous_owner_app_id: OTHER_APP, new_owner_app_id: "5" } };

  it("is the bot when the thread is passed on our own channel, since Meta tells the app that gets it", () => {
    expect(of(passed, NO_APP)).toEqual([{ kind: "thread", owner: "bot", previous: OTHER_APP }]);
  });

  it("is the app that is named on standby, when the thread was taken, and when it is Meta's inbox", () => {
    const owner = (item: Record<string, unknown>, channel: "messaging" | "standby" = "messaging") => {
      const [effect] = of(item, { ...NO_APP, channel });
      return effect?.kind === "thread" ? effect.owner : undefined;
    };
    expect(owner(passed, "standby")).toBe("5");
    expect(owner({ take_thread_control: passed.pass_thread_control })).toBe("5");
    expect(owner({ pass_thread_control: { new_owner_app_id: INBOX } })).toBe(INBOX);
    expect(owner({ pass_thread_control: { new_owner_app_id: null } })).toBeNull();
  });
});

describe("a comment on the page's wall", () => {
  const of = (fields: Record<string, unknown>) =>
    effectsOf(classifyChange({ field: "feed", value: { ...FEED_COMMENT.value, ...fields } }), {
      ...CONTEXT,
      channel: "changes",
    });

  it("is noted when it is added and when it is removed", () => {
    expect(of({})).toEqual([{ kind: "comment", id: "1_2", post: "1_1", verb: "add" }]);
    expect(of({ verb: "remove" })).toMatchObject([{ verb: "remove" }]);
  });

  it("is none when it is a like or a post, or has no id", () => {
    expect(of({ item: "like" })).toEqual([]);
    expect(of({ item: "post" })).toEqual([]);
    expect(of({ comment_id: null })).toEqual([]);
  });
});

describe("effects of anything at all", () => {
  it("are plain JSON, and there is no error", () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const KNOWN = EVENTS.filter(({ type }) => type !== "unknown");
    const strange = fc.tuple(fc.constantFrom(...KNOWN), fc.nat(), json).map(([{ item }, at, odd]) => {
      const field = Object.keys(item).find((name) => EVENT_TYPES.has(name)) ?? "";
      const value = item[field] as Record<string, unknown>;
      const detail = Object.keys(value)[at % Object.keys(value).length] ?? "";
      return { ...item, [field]: { ...value, [detail]: odd } };
    });
    const any = fc.dictionary(fc.constantFrom(...EVENT_TYPES), json);
    const channel = fc.constantFrom("messaging", "standby", "changes");
    const appId = fc.constantFrom(APP, undefined);
    const property = fc.property(fc.oneof(strange, any), channel, appId, (item, channel, appId) => {
      const context = { channel, at: AT, appId } as const;
      const change = { field: "feed", value: Object.values(item)[0] };
      for (const effects of [of(item, context), effectsOf(classifyChange(change), context)]) {
        expect(JSON.parse(JSON.stringify(effects))).toStrictEqual(effects);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
