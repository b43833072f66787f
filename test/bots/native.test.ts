import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { nativeBot } from "../../src/bots/native.ts";
import { readAnswer } from "../../src/bots/native-answer.ts";
import { retryAfterMs } from "../../src/bots/outcome.ts";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";
import { noTalk } from "./deliveries.ts";

const KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLDER_KEY = btoa("o".repeat(32));
const decode = (key: string) => Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
const bot = nativeBot({
  url: "https://bot.invalid/hook?x=1",
  timeoutMs: 1000,
  signingKeys: [decode(KEY), decode(OLDER_KEY)],
  splitText: true,
});

const [page, user] = [pageId("1001"), userId("7001")];
const work: DeliverWork = {
  kind: "deliver",
  delivery: "msg_0123456789abcdef0123456789abcdef",
  attempt: 1,
  first: 1,
  conversation: {
    id: conversationId(page, user),
    page,
    user,
    platform: "messenger",
    windowClosesAt: 1_790_086_400_000,
    owner: "bot",
    state: '{"step":1}',
    stateVersion: 7,
    stateRefused: null,
    profile: null,
    isProfileDue: false,
  },
  events: [
    {
      id: 'm_"quoted"',
      type: "message",
      at: 1_790_000_000_000,
      raw: '{"message":{"text":"Grüß 🚀"}}',
      isStandby: false,
    },
  ],
};

const answering = (response: Response | Error) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    if (response instanceof Error) throw response;
    return response;
  });
afterEach(() => vi.restoreAllMocks());

describe("the request to a bot", () => {
  it("is the contract's JSON, with the raw event in it as Meta sent it", async () => {
    const fetched = answering(new Response());
    await bot.deliver(work, noTalk);
    const body = JSON.parse(String(fetched.mock.calls[0]?.[1]?.body));
    expect(body).toEqual({
      type: "conversation.events",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        conversation: {
          id: "1001_7001",
          page_id: "1001",
          user_id: "7001",
          platform: "messenger",
          window: { closes_at: "2026-09-22T14:13:20.000Z" },
          owner: "bot",
          profile: null,
          state: { step: 1 },
          state_version: 7,
        },
        events: [
          {
            id: 'm_"quoted"',
            type: "message",
            timestamp: 1_790_000_000_000,
            raw: { message: { text: "Grüß 🚀" } },
          },
        ],
      },
    });
  });

  it("verifies with the Standard Webhooks library, under the new secret and the old", async () => {
    const fetched = answering(new Response());
    await bot.deliver(work, noTalk);
    const { body, headers } = fetched.mock.calls[0]?.[1] ?? {};
    for (const key of [KEY, OLDER_KEY]) {
      expect(() => new Webhook(key).verify(String(body), headers as Record<string, string>)).not.toThrow();
    }
    const tampered = String(body).replace("7001", "7002");
    expect(() => new Webhook(KEY).verify(tampered, headers as Record<string, string>)).toThrow();
    expect(() =>
      new Webhook(btoa("x".repeat(32))).verify(String(body), headers as Record<string, string>),
    ).toThrow();
  });

  it("carries the delivery's id on every attempt, also as its trace, and follows no redirect", async () => {
    const fetched = answering(new Response());
    await bot.deliver(work, noTalk);
    const init = fetched.mock.calls[0]?.[1];
    expect(init?.headers).toMatchObject({
      "webhook-id": work.delivery,
      traceparent: expect.stringMatching(/^00-0123456789abcdef0123456789abcdef-[0-9a-f]{16}-01$/),
    });
    expect(init?.redirect).toBe("manual");
  });
});

describe("how a delivery ends", () => {
  const outcome = async (response: Response | Error) => {
    answering(response);
    return (await bot.deliver(work, noTalk)).outcome;
  };

  it("answered: 2xx with replies, with nothing, or with a framework's bare OK", async () => {
    expect(await outcome(Response.json({ messages: [{ text: "Hi" }] }))).toMatchObject({
      kind: "answered",
      answer: { messages: [{ message: { text: "Hi" } }] },
    });
    for (const body of ["", "  \n", "OK", '"ok"', "null", "{}"]) {
      expect(await outcome(new Response(body))).toMatchObject({ kind: "answered", answer: { messages: [] } });
    }
    expect(await outcome(new Response(null, { status: 204 }))).toMatchObject({
      kind: "answered",
      status: 204,
    });
    expect(await outcome(new Response("Queued as 17", { status: 202 }))).toMatchObject({
      kind: "answered",
      status: 202,
      answer: { messages: [] },
    });
  });

  it("again later: no connection, a timeout, 5xx, redirects and the client errors that pass", async () => {
    expect(await outcome(new TypeError("refused"))).toEqual({
      kind: "retry",
      status: null,
      reason: "unreachable",
    });
    const timeout = new DOMException("too slow", "TimeoutError");
    expect(await outcome(timeout)).toEqual({ kind: "retry", status: null, reason: "timeout" });
    for (const status of [302, 408, 409, 425, 429, 500, 502, 503]) {
      expect(await outcome(new Response("x", { status }))).toEqual({
        kind: "retry",
        status,
        reason: `http_${status}`,
      });
    }
  });

  it("again when the bot asks for it", async () => {
    const response = new Response("", { status: 429, headers: { "retry-after": "120" } });
    expect(await outcome(response)).toMatchObject({ kind: "retry", afterMs: 120_000 });
  });

  it("again later when the answer is garbage or far too large", async () => {
    const malformed = { kind: "retry", reason: "answer_malformed" };
    expect(await outcome(new Response("<html>502 from a proxy</html>"))).toMatchObject(malformed);
    expect(await outcome(new Response('{"messages":[{"te'))).toMatchObject(malformed);
    expect(await outcome(new Response(new Uint8Array([0xff, 0xfe, 0x00])))).toMatchObject(malformed);
    expect(await outcome(new Response("x".repeat(600_000)))).toMatchObject(malformed);
  });

  it("never again from this bot: 410", async () => {
    expect(await outcome(new Response("", { status: 410 }))).toEqual({
      kind: "gone",
      status: 410,
      reason: "http_410",
    });
  });

  it("not at all when the run may make no more calls: that is nothing of the bot's", async () => {
    answering(new Error("Too many subrequests by single Worker invocation."));
    await expect(bot.deliver(work, noTalk)).rejects.toThrow("subrequests");
  });

  it("with the text of its answer for the record", async () => {
    answering(new Response("no such intent", { status: 500 }));
    expect((await bot.deliver(work, noTalk)).excerpt).toBe("no such intent");
  });

  it("never again: every other client error", async () => {
    for (const status of [400, 401, 403, 404, 422]) {
      expect(await outcome(new Response("", { status }))).toEqual({
        kind: "rejected",
        status,
        reason: `http_${status}`,
      });
    }
  });
});

describe("an answer", () => {
  it("may hold everything the protocol has", () => {
    const text = JSON.stringify({
      messages: [
        { text: "a" },
        { attachment: { type: "image", payload: { attachment_id: "1" } } },
        { message: { text: "b" }, messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT", persona_id: "5" },
      ],
      actions: ["mark_seen", "typing_on"],
      state: { step: 2 },
      state_version: 7,
      handover: "human",
      more: "ignored",
    });
    expect(answerIn(text)).toEqual({
      messages: [
        { message: { text: "a" } },
        { message: { attachment: { type: "image", payload: { attachment_id: "1" } } } },
        { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT", persona_id: "5", message: { text: "b" } },
      ],
      actions: ["mark_seen", "typing_on"],
      state: '{"step":2}',
      stateVersion: 7,
      handover: "human",
    });
  });

  it("of actions alone sends the last and the others before it", () => {
    expect(answerIn('{"actions":["mark_seen","typing_on"]}')).toEqual({
      messages: [{ sender_action: "typing_on" }],
      actions: ["mark_seen"],
    });
  });

  it("can't choose whom it goes to or with which token", () => {
    const text = JSON.stringify({
      messages: [{ recipient: { id: "4711" }, access_token: "x", message: { text: "a" } }],
    });
    expect(answerIn(text)?.messages).toEqual([{ message: { text: "a" } }]);
  });

  it("is refused whole when a part of it can't be sent, with the place of that part", () => {
    for (const [body, place, kind = "invalid"] of [
      ["[]", "", "malformed"],
      ["1", "", "malformed"],
      ['{"messages":{}}', "messages", "malformed"],
      ['{"messages":["a"]}', "messages[0]"],
      ['{"messages":[{"text":"a"},{"txt":"a"}]}', "messages[1]"],
      [
        `{"messages":[{"message":{"text":"a","metadata":"${"m".repeat(901)}"}}]}`,
        "messages[0].message.metadata",
      ],
      ['{"actions":["dance"]}', "actions.0", "malformed"],
      ['{"handover":"someone"}', "handover", "malformed"],
      [`{"messages":[${Array(51).fill('{"text":"a"}')}]}`, "messages", "malformed"],
      [JSON.stringify({ messages: [{ text: "word ".repeat(25_000) }] }), "messages"],
    ] as const) {
      const read = readAnswer(body, { platform: "messenger", split: true });
      expect(read).toMatchObject({ kind, reason: expect.stringMatching(/^[^:]*: .+/) });
      expect(read.kind !== "answer" && read.reason?.startsWith(`${place}: `)).toBe(true);
    }
  });

  it("that is half an answer is told from one that is wrong", () => {
    expect(readAnswer('{"messages":[{"te', { platform: "messenger", split: true })).toEqual({
      kind: "malformed",
    });
  });

  it("with a long text becomes several messages, or is refused, as the page wants", () => {
    const text = JSON.stringify({ messages: [{ text: "word ".repeat(500).trim() }, { text: "end" }] });
    expect(answerIn(text)?.messages).toHaveLength(3);
    expect(readAnswer(text, { platform: "messenger", split: false })).toMatchObject({
      kind: "invalid",
      reason: expect.stringContaining("messages[0].text"),
    });
  });
});

function answerIn(text: string) {
  const read = readAnswer(text, { platform: "messenger", split: true });
  return read.kind === "answer" ? read.answer : undefined;
}

it("Retry-After is read as seconds or as a date", () => {
  const now = Date.parse("2026-11-21T10:00:00Z");
  expect(retryAfterMs("120", now)).toBe(120_000);
  expect(retryAfterMs("Sat, 21 Nov 2026 10:01:00 GMT", now)).toBe(60_000);
  expect(retryAfterMs("Sat, 21 Nov 2026 09:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(null, now)).toBeUndefined();
});
