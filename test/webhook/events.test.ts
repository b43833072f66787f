import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  classify,
  classifyChange,
  EVENT_TYPES,
  type EventType,
  opensWindow,
  participantsOf,
} from "../../src/webhook/events.ts";
import { EVENTS, FEED_COMMENT, PAGE, text, USER } from "../fixtures/events.ts";

const KNOWN = EVENTS.filter(({ type }) => type !== "unknown");

describe("an event's type", () => {
  for (const { name, type, item } of EVENTS) {
    it(`is known: ${name} → ${type}`, () => {
      const event = classify(item, PAGE);
      expect(event.type).toBe(type);
      expect(EVENT_TYPES.has(event.type)).toBe(true);
    });
  }

  it("is told by the field that is known, beside one that isn't, in whatever order", () => {
    for (const { type, item } of KNOWN) {
      expect(classify({ hologram: { depth: 3 }, ...item }).type).toBe(type);
      expect(classify({ ...item, hologram: { depth: 3 } }).type).toBe(type);
    }
  });

  it("is told by another field when there is no message in `message`", () => {
    expect(classify({ message: { text: "no mid" }, postback: { payload: "START" } }).type).toBe("postback");
    expect(classify({ message: null, read: { watermark: 1 } }).type).toBe("read");
    expect(classify({ message: { mid: "" } }).type).toBe("unknown");
  });

  it("is feed for what happens on the wall, change for other changes, unknown for what is none", () => {
    expect(classifyChange(FEED_COMMENT).type).toBe("feed");
    expect(classifyChange({ field: "mention", value: { post_id: "1" } })).toEqual({
      type: "change",
      value: { post_id: "1" },
    });
    expect(classifyChange({ field: "feed", value: "gone" })).toEqual({ type: "feed", value: {} });
    expect(classifyChange({ value: {} })).toEqual({ type: "unknown" });
  });
});

describe("what is known of an event", () => {
  it("has ids as strings and keeps fields that are new", () => {
    const event = classify({
      message: {
        mid: "m_1",
        is_echo: true,
        app_id: 12,
        attachments: [{ type: "hologram", depth: 3 }],
        mood: "!",
      },
    });
    expect(event).toEqual({
      type: "echo",
      value: {
        mid: "m_1",
        is_echo: true,
        app_id: "12",
        attachments: [{ type: "hologram", depth: 3 }],
        mood: "!",
      },
    });
  });

  it("loses an odd detail alone", () => {
    const event = classify({
      message: {
        mid: "m_1",
        text: 7,
        reply_to: "m_0",
        attachments: ["?", { type: "image", payload: { url: "https://cdn.example/a.png", sticker_id: {} } }],
        referral: { ref: "ad", ad_id: [] },
      },
    });
    expect(event).toEqual({
      type: "message",
      value: {
        mid: "m_1",
        attachments: [{ type: "image", payload: { url: "https://cdn.example/a.png" } }],
        referral: { ref: "ad" },
      },
    });
  });

  it("says whose a reaction is, once the page is named", () => {
    const item = { sender: { id: PAGE }, reaction: { mid: "m_1", action: "react" } };
    expect(classify(item, PAGE)).toMatchObject({ by: "page" });
    expect(classify({ ...item, sender: { id: USER } }, PAGE)).toMatchObject({ by: "user" });
  });
});

describe("the 24-hour window", () => {
  for (const { name, item, opensWindow: opens = false } of EVENTS) {
    it(`is ${opens ? "opened" : "left alone"} by: ${name}`, () => {
      expect(opensWindow(classify(item, PAGE))).toBe(opens);
    });
  }

  it("is opened by the same types when only the type is known", () => {
    const openers: EventType[] = ["message", "postback", "reaction", "optin", "referral"];
    expect([...EVENT_TYPES].filter((type) => opensWindow(type as EventType))).toEqual(openers);
  });

  it("is left alone by what happens on the page's wall", () => {
    expect(opensWindow(classifyChange(FEED_COMMENT))).toBe(false);
  });
});

describe("who sent an event and when", () => {
  it("is read part by part: what is odd in one costs nothing in another", () => {
    expect(participantsOf({ sender: { id: 12 }, recipient: "page", timestamp: {} })).toEqual({
      sender: "12",
      recipient: undefined,
      timestamp: undefined,
    });
  });

  it("has its time in ms, also where Meta gives seconds or text", () => {
    for (const timestamp of [1_790_000_000_000, "1790000000000", 1_790_000_000, "1790000000"]) {
      expect(participantsOf({ timestamp }).timestamp).toBe(1_790_000_000_000);
    }
    for (const timestamp of [0, -1, 1.5, 9e15, "soon", "", null, true]) {
      expect(participantsOf({ timestamp }).timestamp).toBeUndefined();
    }
  });
});

describe("whatever Meta may add", () => {
  const json = fc.jsonValue({ maxDepth: 3 });

  it("is neither fatal nor costs a known event its type", () => {
    const known = fc.constantFrom(...KNOWN);
    const junk = fc.dictionary(fc.string(), json, { maxKeys: 4 });
    const property = fc.property(known, junk, junk, ({ type, item }, beside, inside) => {
      const field = Object.keys(item).find((name) => EVENT_TYPES.has(name)) ?? "";
      const value = item[field] as Record<string, unknown>;
      const strange = { ...beside, ...item, [field]: { ...inside, ...value } };
      expect(classify(strange, PAGE).type).toBe(type);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("may stand in place of any detail", () => {
    const known = fc.constantFrom(...KNOWN);
    const property = fc.property(known, fc.nat(), json, ({ type, item }, at, odd) => {
      const field = Object.keys(item).find((name) => EVENT_TYPES.has(name)) ?? "";
      const value = item[field] as Record<string, unknown>;
      // What the type itself is told by is no detail.
      const details = Object.keys(value).filter((name) => !/^(mid|is_deleted|is_echo)$/.test(name));
      const detail = details[at % details.length];
      const strange = detail === undefined ? item : { ...item, [field]: { ...value, [detail]: odd } };
      expect(classify(strange, PAGE).type).toBe(type);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("may be anything at all", () => {
    const names = fc.oneof(fc.constantFrom(...EVENT_TYPES, "sender", "recipient", "timestamp"), fc.string());
    const property = fc.property(fc.dictionary(names, json), (item) => {
      const event = classify(item, PAGE);
      expect(EVENT_TYPES.has(event.type)).toBe(true);
      expect(typeof opensWindow(event)).toBe("boolean");
      expect(EVENT_TYPES.has(classifyChange(item).type)).toBe(true);
      participantsOf(item);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("leaves a plain text message what it is", () => {
    expect(classify(text("m_1", "Hi", USER, 1_790_000_000_000), PAGE)).toEqual({
      type: "message",
      value: { mid: "m_1", text: "Hi" },
    });
  });
});
