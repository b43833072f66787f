import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { PageRules, SendWork, Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  letTimePass,
  RULES,
  reportOf,
  type Stub,
  says,
  sendWork,
  sent,
  threadGoesTo,
} from "../support/conversation.ts";

afterEach(() => vi.restoreAllMocks());

const ALL = { deliver: true, send: true, tell: true };
const rules: PageRules = { ...RULES, callbacks: ["message.failed", "message.delivered", "message.read"] };

const newsIn = (work: Work[]) =>
  deliverWork(work).events.map(({ type, raw }) => ({ type, ...JSON.parse(raw) }));

/** The bot's answer to something the user said. */
async function answered(stub: Stub, messages: ReturnType<typeof answerOf>["messages"], by = rules) {
  const delivery = deliverWork(await ingest(stub, [says(crypto.randomUUID())], true, by));
  const outcome = { kind: "answered" as const, status: 200, answer: { messages, actions: [] } };
  const work = await stub.settleDelivery({ ...reportOf(delivery), rules: by, outcome }, ALL);
  return { delivery, work };
}

const refused = (stub: Stub, { entry, index, attempt, nonce }: SendWork, by = rules) => {
  const outcome = { kind: "failed" as const, code: "user_unavailable", reason: "(#551)" };
  return stub.settleSend({ entry, index, attempt, nonce, rules: by, outcome }, ALL);
};

describe("a bot that wants to hear what became of its messages", () => {
  it("hears of one that failed, as it knows it", async () => {
    const stub = freshConversation();
    const messages = [{ message: { text: "hello", metadata: "order 7" } }];
    const { delivery, work } = await answered(stub, messages);
    const send = sendWork(work);
    const [news, ...more] = newsIn(await refused(stub, send));
    expect(more).toEqual([]);
    expect(news).toMatchObject({
      type: "message.failed",
      code: "user_unavailable",
      reason: "(#551)",
      message: {
        id: `${stub.name}.${send.entry}.0`,
        mid: null,
        delivery: delivery.delivery,
        metadata: "order 7",
      },
    });
  });

  it("hears of an answer that doesn't go out at all, message by message", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("hi")], true, rules));
    await ingest(stub, [threadGoesTo("555", "gone")], true, rules);
    const outcome = { kind: "answered" as const, status: 200, answer: answerOf("one", "two") };
    // First it hears why: that came before.
    const why = deliverWork(await stub.settleDelivery({ ...reportOf(delivery), rules, outcome }, ALL));
    const heard = { kind: "answered" as const, status: 200, answer: answerOf() };
    const news = newsIn(await stub.settleDelivery({ ...reportOf(why), rules, outcome: heard }, ALL));
    expect(news.map(({ code }) => code)).toEqual(["not_owner", "not_owner"]);
    expect(new Set(news.map(({ message }) => message.id)).size).toBe(2);
  });

  it("hears of those that a receipt covers, each once", async () => {
    const stub = freshConversation();
    const { work } = await answered(stub, answerOf("one", "two").messages);
    const first = sendWork(work);
    const settle = ({ entry, index, attempt, nonce }: SendWork, mid: string) =>
      stub.settleSend({ entry, index, attempt, nonce, rules, outcome: sent(mid) }, ALL);
    await settle(sendWork(await settle(first, "m_1")), "m_2");
    const receipt = (kind: "delivered" | "read", watermark: number) =>
      says(`${kind} ${watermark}`, {
        type: kind === "read" ? "read" : "delivery",
        forward: false,
        opensWindow: false,
        receipt: { kind, watermark, mids: [] },
      });
    const now = Date.now();
    const delivered = await ingest(stub, [receipt("delivered", now)], true, rules);
    expect(newsIn(delivered)).toMatchObject([
      { type: "message.delivered", messages: [{ mid: "m_1" }, { mid: "m_2" }], at: now },
    ]);
    expect(await ingest(stub, [receipt("delivered", now + 1)], true, rules)).toEqual([]);
    const outcome = { kind: "answered" as const, status: 200, answer: answerOf() };
    await stub.settleDelivery({ ...reportOf(deliverWork(delivered)), rules, outcome }, ALL);
    const read = newsIn(await ingest(stub, [receipt("read", now + 1)], true, rules));
    expect(read).toMatchObject([{ type: "message.read", messages: [{ mid: "m_1" }, { mid: "m_2" }] }]);
  });

  it("hears of those that a receipt had covered before it was known that they went out", async () => {
    const stub = freshConversation();
    const { delivery, work } = await answered(stub, answerOf("hello").messages);
    const { entry, index, attempt, nonce } = sendWork(work);
    const at = Date.now() + 5;
    const receipt = { kind: "delivered" as const, watermark: at, mids: [] };
    const came = says("receipt", { type: "delivery", forward: false, opensWindow: false, receipt });
    expect(await ingest(stub, [came], true, rules)).toEqual([]);
    const report = { entry, index, attempt, nonce, rules, outcome: sent("m_1") };
    expect(newsIn(await stub.settleSend(report, ALL))).toMatchObject([
      { type: "message.delivered", messages: [{ mid: "m_1", delivery: delivery.delivery }], at },
    ]);
  });

  it("hears of one that nobody came back from, also when its object was away", async () => {
    for (const isAway of [false, true]) {
      const stub = freshConversation();
      await ingest(stub, [says("hi", { forward: false })], true, rules);
      const bodies = [{ message: { text: "by call" } }];
      const request = { id: "req_1", writer: "bot" as const, bodies, humanAgent: false, rules };
      await stub.send({ ...request, isAwaited: true });
      await letTimePass(stub);
      await evictDurableObject(stub);
      if (!isAway) await ingest(stub, [says("later", { forward: false })], false, rules);
      const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
      await runDurableObjectAlarm(stub);
      await runDurableObjectAlarm(stub);
      const out = run.mock.calls.flatMap(([id, all]) => (id === stub.name ? all : []));
      run.mockRestore();
      expect(newsIn(out)).toMatchObject([{ type: "message.failed", code: "outcome_unknown" }]);
    }
  });

  it("isn't told that what it said to a failure has failed, too: that would have no end", async () => {
    const stub = freshConversation();
    const { work } = await answered(stub, answerOf("hello").messages);
    const news = deliverWork(await refused(stub, sendWork(work)));
    const sorry = { kind: "answered" as const, status: 200, answer: answerOf("sorry") };
    const next = await stub.settleDelivery({ ...reportOf(news), rules, outcome: sorry }, ALL);
    expect(await refused(stub, sendWork(next))).toEqual([]);
    // What a user says is another matter.
    const again = await answered(stub, answerOf("hello?").messages);
    expect(newsIn(await refused(stub, sendWork(again.work)))).toHaveLength(1);
  });

  it("isn't told of a thousandth failure in a row: whoever answers each by a call has no end either", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hi", { forward: false })], true, rules);
    await runInDurableObject(stub, (_, { storage: { sql } }) => {
      sql.exec(
        `WITH RECURSIVE n(seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < 1001)
         INSERT INTO event (seq, key, id, type, at, received, platform, forward, raw, head)
         SELECT seq, 'k' || seq, 'i', 'message.failed', 1, 1, 'messenger', 0, '{}', 0 FROM n`,
      );
    });
    await evictDurableObject(stub);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const call = async (id: string) => {
      const bodies = [{ message: { text: "sorry" } }];
      const request = { id, writer: "bot" as const, bodies, humanAgent: false, rules };
      return refused(stub, sendWork((await stub.send(request)).work));
    };
    expect(await call("req_1")).toEqual([]);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ event: "callbacks_stopped" }));
    await ingest(stub, [says("and?", { forward: false })], true, rules);
    expect(newsIn(await call("req_2"))).toHaveLength(1);
  });

  it("isn't told of typing dots: they are no message", async () => {
    const stub = freshConversation();
    const { work } = await answered(stub, [{ sender_action: "typing_on" }]);
    expect(await refused(stub, sendWork(work))).toEqual([]);
  });

  it("hears nothing it didn't ask for", async () => {
    const stub = freshConversation();
    const { work } = await answered(stub, answerOf("hello").messages, RULES);
    expect(await refused(stub, sendWork(work), RULES)).toEqual([]);
  });
});
