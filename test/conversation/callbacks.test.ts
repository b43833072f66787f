import { describe, expect, it } from "vitest";
import type { PageRules, SendWork, Work } from "../../src/conversation/work.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  RULES,
  reportOf,
  type Stub,
  says,
  sendWork,
  sent,
  threadGoesTo,
} from "../support/conversation.ts";

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

const refused = (stub: Stub, { entry, index, attempt }: SendWork, by = rules) => {
  const outcome = { kind: "failed" as const, code: "user_unavailable", reason: "(#551)" };
  return stub.settleSend({ entry, index, attempt, rules: by, outcome }, ALL);
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
    const settle = ({ entry, index, attempt }: SendWork, mid: string) =>
      stub.settleSend({ entry, index, attempt, rules, outcome: sent(mid) }, ALL);
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

  it("hears nothing it didn't ask for", async () => {
    const stub = freshConversation();
    const { work } = await answered(stub, answerOf("hello").messages, RULES);
    expect(await refused(stub, sendWork(work), RULES)).toEqual([]);
  });
});
