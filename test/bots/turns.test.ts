import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { rasaBot } from "../../src/bots/rasa.ts";
import { event, noTalk, SIGNING_KEY, serverAnswering, settings, workOf, written } from "./deliveries.ts";

/** What holds for every bot that is asked in turns; Rasa stands for all. */

const bot = rasaBot(settings);
const says = (text: string) => Response.json([{ text }]);
const read = event("read", { read: { watermark: 1 } });
afterEach(() => vi.restoreAllMocks());

describe("a delivery", () => {
  it("becomes one request for each event, in order, and one answer", async () => {
    const requests = serverAnswering(says("1"), says("2"));
    const { outcome, excerpt } = await bot.deliver(workOf(written("a"), read, written("b")), noTalk);
    expect(requests.map(({ body }) => body)).toMatchObject([{ message: "a" }, { message: "b" }]);
    expect(outcome).toEqual({
      kind: "answered",
      status: 200,
      answer: { messages: [{ message: { text: "1" } }, { message: { text: "2" } }], actions: [] },
    });
    expect(excerpt).toBe('[{"text":"1"}]\n[{"text":"2"}]');
  });

  it("with nothing to ask about is answered without a request", async () => {
    const requests = serverAnswering();
    expect((await bot.deliver(workOf(read), noTalk)).outcome).toMatchObject({
      kind: "answered",
      answer: { messages: [], actions: [] },
    });
    expect(requests).toEqual([]);
  });

  it("isn't taken to the bot while someone else has the conversation", async () => {
    const requests = serverAnswering();
    const work = workOf(written("a"));
    const { outcome } = await bot.deliver(
      {
        ...work,
        conversation: { ...work.conversation, owner: "human" },
      },
      noTalk,
    );
    expect(outcome).toMatchObject({ kind: "answered", answer: { messages: [] } });
    expect(requests).toEqual([]);
  });

  it("fails whole when one of its requests fails, and asks no further", async () => {
    const requests = serverAnswering(says("1"), new Response("down", { status: 503 }), says("3"));
    const { outcome, excerpt } = await bot.deliver(workOf(written("a"), written("b"), written("c")), noTalk);
    expect(outcome).toEqual({ kind: "retry", status: 503, reason: "http_503" });
    expect(excerpt).toBe("down");
    expect(requests).toHaveLength(2);
  });

  it("has the bot's time for all of its requests together", async () => {
    const slow = rasaBot({ ...settings, timeoutMs: 100 });
    const signals = new Set<AbortSignal | null | undefined>();
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
      signals.add(init?.signal);
      return says("1");
    });
    await slow.deliver(workOf(written("a"), written("b")), noTalk);
    expect(signals.size).toBe(1);
  });

  it("ends as every other does that fails", async () => {
    const endOf = async (answer: Response | Error) => {
      serverAnswering(answer);
      return (await bot.deliver(workOf(written("a")), noTalk)).outcome;
    };
    expect(await endOf(new TypeError("refused"))).toMatchObject({ kind: "retry", reason: "unreachable" });
    expect(await endOf(new DOMException("slow", "TimeoutError"))).toMatchObject({
      kind: "retry",
      reason: "timeout",
    });
    for (const status of [408, 409, 425, 429, 500, 502]) {
      expect(await endOf(new Response("", { status }))).toMatchObject({ kind: "retry", status });
    }
    expect(await endOf(new Response("", { status: 401 }))).toMatchObject({ kind: "rejected", status: 401 });
    expect(await endOf(new Response("", { status: 410 }))).toMatchObject({ kind: "gone", status: 410 });
    expect(await endOf(new Response("<html>"))).toMatchObject({ kind: "retry", reason: "answer_malformed" });
    expect(await endOf(Response.json({ text: "no list" }))).toMatchObject({ kind: "retry" });
  });

  it("takes an empty body for no reply", async () => {
    serverAnswering(new Response(null, { status: 204 }));
    expect((await bot.deliver(workOf(written("a")), noTalk)).outcome).toMatchObject({
      kind: "answered",
      status: 204,
    });
  });

  it("takes no more than 512 KiB of answers", async () => {
    const padded = () => new Response(`[]${" ".repeat(300 * 1024)}`);
    serverAnswering(padded(), padded());
    expect((await bot.deliver(workOf(written("a"), written("b")), noTalk)).outcome).toMatchObject({
      kind: "retry",
      reason: "answer_malformed",
    });
  });
});

describe("a request", () => {
  it("has an id of its own that stays on every attempt, and the event's", async () => {
    const idsOf = async () => {
      const requests = serverAnswering(says("1"), says("2"));
      await bot.deliver(workOf(read, written("a"), written("b")), noTalk);
      return requests.map(({ headers }) => [headers.get("webhook-id"), headers.get("messengate-event-id")]);
    };
    const first = await idsOf();
    expect(first).toEqual([
      ["msg_0123456789abcdef0123456789abcdef_2", "m_a"],
      ["msg_0123456789abcdef0123456789abcdef_3", "m_b"],
    ]);
    expect(await idsOf()).toEqual(first);
  });

  it("verifies with the Standard Webhooks library, belongs to the delivery's trace and follows no redirect", async () => {
    const [request] = await oneRequest(settings);
    const headers = Object.fromEntries(request?.headers ?? []);
    expect(() => new Webhook(SIGNING_KEY).verify(String(request?.init.body), headers)).not.toThrow();
    expect(headers["traceparent"]).toMatch(/^00-0123456789abcdef0123456789abcdef-[0-9a-f]{16}-01$/);
    expect(request?.init.redirect).toBe("manual");
  });

  it("carries the bot's token, if there is one", async () => {
    const [withToken] = await oneRequest({ ...settings, token: "s3cret" });
    expect(withToken?.headers.get("authorization")).toBe("Bearer s3cret");
    const [without] = await oneRequest(settings);
    expect(without?.headers.has("authorization")).toBe(false);
  });

  it("can be made for an event with an id that is no ASCII", async () => {
    const requests = serverAnswering(says("1"));
    await bot.deliver(workOf({ ...written("a"), id: "m_ü\n" }), noTalk);
    expect(requests[0]?.headers.get("messengate-event-id")).toBe("m_%C3%BC%0A");
  });

  async function oneRequest(chosen: typeof settings) {
    const requests = serverAnswering(says("1"));
    await rasaBot(chosen).deliver(workOf(written("a")), noTalk);
    return requests;
  }
});

describe("an answer", () => {
  it("that can't be sent is refused with the place of what is wrong", async () => {
    const reasonFor = async (answer: unknown) => {
      serverAnswering(Response.json(answer));
      const { outcome } = await bot.deliver(workOf(written("a")), noTalk);
      return outcome.kind === "retry" ? outcome.reason : outcome.kind;
    };
    expect(await reasonFor([{ text: "a" }, { text: 5 }])).toMatch(/^answer_malformed: 1\.text: /);
    expect(await reasonFor([{ custom: { text: "a", quick_replies: [] } }])).toMatch(
      /^answer_invalid: \[0\]\.quick_replies: /,
    );
    const tooLong = { title: "a", payload: "p".repeat(1001) };
    expect(await reasonFor([{ text: "a", buttons: [tooLong] }])).toMatch(
      /^answer_invalid: \[0\]\.attachment\.payload\.buttons\[0\]\.payload: at most 1000/,
    );
    expect(await reasonFor(Array(51).fill({ text: "a" }))).toMatch(/^answer_invalid: messages: at most 50/);
  });

  it("with a long text becomes several messages, or is refused, as the page wants", async () => {
    const long = () => says("word ".repeat(500).trim());
    serverAnswering(long(), long());
    expect((await bot.deliver(workOf(written("a")), noTalk)).outcome).toMatchObject({ kind: "answered" });
    const unsplit = rasaBot({ ...settings, splitText: false });
    expect((await unsplit.deliver(workOf(written("a")), noTalk)).outcome).toMatchObject({
      kind: "retry",
      attempts: 2,
      reason: expect.stringContaining("[0].text"),
    });
  });

  it("logs what Messenger has no form for, and nothing of what it held", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    serverAnswering(Response.json([{ text: "Hi", custom: { date_picker: "confidential" } }]));
    await bot.deliver(workOf(written("a")), noTalk);
    expect(warned.mock.calls).toEqual([
      [{ event: "reply_not_sayable", conversation: "1001_7001", protocol: "rasa", at: ["[0]: custom"] }],
    ]);
  });
});
