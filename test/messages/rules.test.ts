import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutgoingBody } from "../../src/conversation/work.ts";
import { type Ruling, rule, type Standing, WEEK_MS, WINDOW_MS } from "../../src/messages/rules.ts";

const NOW = 1_795_000_000_000;
const HOUR = 3_600_000;
const TEXT = { message: { text: "hi" } };

const standing = (more: Partial<Standing> = {}): Standing => ({
  writer: "bot",
  windowAt: NOW - HOUR,
  humanAgent: false,
  comment: null,
  waysPast: [],
  ...more,
});
const ruled = (body: OutgoingBody, more: Partial<Standing> = {}): Ruling => rule(body, standing(more), NOW);
/** What a message of these parts goes out as, or the code it is refused with. */
const fate = (body: OutgoingBody, more: Partial<Standing> = {}) => {
  const ruling = ruled(body, more);
  if (!ruling.ok) return ruling.code;
  const { message: _, sender_action: __, ...rest } = ruling.body;
  return rest;
};

const OPEN = NOW - WINDOW_MS + 1;
const CLOSED = NOW - WINDOW_MS;
const LAST_OF_WEEK = NOW - WEEK_MS + 1;
const OVER = NOW - WEEK_MS;
const RESPONSE = { messaging_type: "RESPONSE" };
const TAGGED = { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" };

describe("what a message goes out as", () => {
  const agent = { writer: "human" as const, humanAgent: true };
  it.each<[string, OutgoingBody, Partial<Standing>, unknown]>([
    ["a bot's in the open window", TEXT, {}, RESPONSE],
    ["in its last moment", TEXT, { windowAt: OPEN }, RESPONSE],
    ["and after that", TEXT, { windowAt: CLOSED }, "window_closed"],
    ["though people may write", TEXT, { windowAt: CLOSED, humanAgent: true }, "window_closed"],
    ["to someone who never wrote here, as far as is known", TEXT, { windowAt: null }, RESPONSE],
    ["a person's in the open window", TEXT, agent, RESPONSE],
    ["when it has closed", TEXT, { ...agent, windowAt: CLOSED }, TAGGED],
    ["in the week's last moment", TEXT, { ...agent, windowAt: LAST_OF_WEEK }, TAGGED],
    ["after the week", TEXT, { ...agent, windowAt: OVER }, "window_closed"],
    ["without Meta's permission", TEXT, { writer: "human", windowAt: CLOSED }, "window_closed"],
    ["a person's with the tag, in the open window", { ...TEXT, ...TAGGED }, agent, RESPONSE],
    ["a bot's with a person's tag", { ...TEXT, ...TAGGED }, {}, "human_agent_not_human"],
    ["a retired tag", { ...TEXT, tag: "ACCOUNT_UPDATE" }, {}, "tag_retired"],
    ["a tag nobody knows", { ...TEXT, tag: "SALE" }, agent, "tag_unknown"],
    ["MESSAGE_TAG without a tag", { ...TEXT, messaging_type: "MESSAGE_TAG" }, {}, RESPONSE],
    ["an update", { ...TEXT, messaging_type: "UPDATE" }, {}, { messaging_type: "UPDATE" }],
    ["an update, too late", { ...TEXT, messaging_type: "UPDATE" }, { windowAt: OVER }, "window_closed"],
    [
      "a utility message, ever so late",
      { ...TEXT, messaging_type: "UTILITY" },
      { windowAt: OVER },
      { messaging_type: "UTILITY" },
    ],
    [
      "to a token",
      { ...TEXT, recipient: { one_time_notif_token: "t" } },
      { windowAt: OVER },
      { recipient: { one_time_notif_token: "t" } },
    ],
    ["typing dots", { sender_action: "typing_on" }, {}, {}],
    ["too late", { sender_action: "typing_on" }, { windowAt: OVER }, "window_closed"],
    [
      "as a utility message",
      { sender_action: "react", messaging_type: "UTILITY" },
      { windowAt: OVER },
      "window_closed",
    ],
    ["a person's reaction within the week", { sender_action: "react" }, { ...agent, windowAt: CLOSED }, {}],
  ])("%s", (_, body, more, expected) => {
    expect(fate(body, more)).toEqual(expected);
  });
});

describe("a comment", () => {
  const comment = { id: "c_1", at: NOW - HOUR, isAnswered: false };
  const privately = { recipient: { comment_id: "c_1" } };
  it.each<[string, OutgoingBody, Partial<Standing>, unknown]>([
    ["is answered privately", TEXT, { windowAt: null, comment }, privately],
    ["once", TEXT, { windowAt: null, comment: { ...comment, isAnswered: true } }, "private_reply_used"],
    ["within 7 days", TEXT, { windowAt: null, comment: { ...comment, at: OVER } }, "private_reply_used"],
    ["by someone who wrote long ago", TEXT, { windowAt: OVER, comment }, privately],
    ["by someone who may be written to anyway", TEXT, { comment }, RESPONSE],
    [
      "before the last message",
      TEXT,
      { windowAt: CLOSED, comment: { ...comment, at: CLOSED - 1 } },
      "window_closed",
    ],
    [
      "answered already, to whom a person may write",
      TEXT,
      { windowAt: CLOSED, writer: "human", humanAgent: true, comment: { ...comment, isAnswered: true } },
      TAGGED,
    ],
    ["named by the message", { ...TEXT, ...privately }, { windowAt: null, comment }, privately],
    [
      "named by the message, answered already",
      { ...TEXT, ...privately },
      { comment: { ...comment, isAnswered: true } },
      "private_reply_used",
    ],
    [
      "that isn't the last",
      { ...TEXT, recipient: { comment_id: "c_0" } },
      { comment: { ...comment, isAnswered: true } },
      { recipient: { comment_id: "c_0" } },
    ],
  ])("%s", (_, body, more, expected) => {
    expect(fate(body, more)).toEqual(expected);
  });
});

describe("a refusal says what helps", () => {
  const reasonOf = (body: OutgoingBody, more: Partial<Standing>) => {
    const ruling = ruled(body, more);
    return ruling.ok ? "" : ruling.reason;
  };

  it("when the window closed, and what opens it", () => {
    const reason = reasonOf(TEXT, { windowAt: CLOSED - HOUR, waysPast: ["notification_messages_token"] });
    expect(reason).toContain(`closed at ${new Date(NOW - HOUR).toISOString()}`);
    expect(reason).toMatch(/when the user writes.*notification_messages_token/);
  });

  it("that a person may write, and until when; or what they lack", () => {
    expect(reasonOf(TEXT, { windowAt: CLOSED, humanAgent: true })).toContain(
      `until ${new Date(CLOSED + WEEK_MS).toISOString()} a person may write`,
    );
    expect(reasonOf(TEXT, { windowAt: CLOSED, writer: "human" })).toContain("human_agent");
  });

  it("what stands in for a retired tag", () => {
    expect(reasonOf({ ...TEXT, tag: "POST_PURCHASE_UPDATE" }, {})).toContain("utility message");
  });
});

describe("over random histories", () => {
  const PERMITS = [
    "user_ref",
    "comment_id",
    "post_id",
    "phone_number",
    "one_time_notif_token",
    "notification_messages_token",
  ];
  const body = fc.record(
    {
      message: fc.constant({ text: "hi" }),
      tag: fc.constantFrom("HUMAN_AGENT", "ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "SALE", null, ""),
      messaging_type: fc.constantFrom("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY", "NONSENSE"),
      recipient: fc.constantFrom(...PERMITS.map((form) => ({ [form]: "x" })), { id: "1" }, {}),
      sender_action: fc.constant("typing_on"),
    },
    { requiredKeys: [] },
  );
  const act = fc.oneof(
    fc.record({ do: fc.constant("user writes" as const) }),
    fc.record({ do: fc.constant("user comments" as const) }),
    fc.record({ do: fc.constant("comment is answered" as const) }),
    fc.record({
      do: fc.constant("write" as const),
      by: fc.constantFrom("bot" as const, "human" as const),
      body,
    }),
  );
  const history = fc.array(
    fc.tuple(fc.oneof(fc.nat(2 * HOUR), fc.nat(8 * 24 * HOUR), fc.constantFrom(WINDOW_MS, WEEK_MS)), act),
    { maxLength: 30 },
  );

  it("no message of a bot has a person's tag, none goes out too late without a permission, a person's tag only when it counts", () => {
    fc.assert(
      fc.property(history, fc.boolean(), (steps, humanAgent) => {
        let now = NOW;
        const stands = standing({ windowAt: null, humanAgent });
        for (const [passes, one] of steps) {
          now += passes;
          const { windowAt, comment } = stands;
          if (one.do === "user writes") stands.windowAt = now;
          else if (one.do === "user comments")
            stands.comment = { id: `c_${now}`, at: now, isAnswered: false };
          else if (one.do === "comment is answered")
            stands.comment = comment && { ...comment, isAnswered: true };
          else {
            const ruling = rule(one.body, { ...stands, writer: one.by }, now);
            if (!ruling.ok) continue;
            const out = ruling.body;
            const since = windowAt === null ? Number.NaN : now - windowAt;
            if (out["tag"] !== undefined || out["messaging_type"] === "MESSAGE_TAG") {
              expect(out).toMatchObject(TAGGED);
              expect(one.by).toBe("human");
              expect(humanAgent).toBe(true);
              expect(since).toBeGreaterThanOrEqual(WINDOW_MS);
              expect(since).toBeLessThan(WEEK_MS);
            }
            const isPermitted =
              out["messaging_type"] === "UTILITY" ||
              PERMITS.some((form) => form in Object(out["recipient"])) ||
              (one.by === "human" && humanAgent && since < WEEK_MS);
            if (since >= WINDOW_MS) expect(isPermitted).toBe(true);
            if (out["message"] !== undefined && !("recipient" in out)) {
              expect(["RESPONSE", "UPDATE", "UTILITY", "MESSAGE_TAG"]).toContain(out["messaging_type"]);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("ruling what was ruled changes nothing", () => {
    const standings = fc.record({
      writer: fc.constantFrom("bot" as const, "human" as const),
      windowAt: fc.option(fc.nat(9 * 24 * HOUR).map((ago) => NOW - ago)),
      humanAgent: fc.boolean(),
      comment: fc.constantFrom(null, { id: "c", at: NOW - HOUR, isAnswered: false }),
      waysPast: fc.constant([]),
    });
    fc.assert(
      fc.property(body, standings, (one, where) => {
        const ruling = rule(one, where, NOW);
        if (ruling.ok) expect(rule(ruling.body, where, NOW)).toEqual(ruling);
      }),
    );
  });
});
