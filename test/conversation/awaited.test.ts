import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SendAnswer, SendOutcome, SendWork } from "../../src/conversation/work.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  letTimePass,
  metadataOf,
  RULES,
  reportAnswer,
  type Stub,
  says,
  sendWork,
  sent,
  textOf,
} from "../support/conversation.ts";

const ALL = { deliver: true, send: true, tell: true };
afterEach(() => vi.restoreAllMocks());

let requests = 0;
const asks = (stub: Stub, text: string): Promise<SendAnswer> =>
  stub.send({
    id: `req_${requests++}`,
    writer: "bot",
    bodies: [{ message: { text } }],
    humanAgent: false,
    rules: RULES,
    isAwaited: true,
  });

const reports = (
  stub: Stub,
  { entry, index, attempt, nonce }: SendWork,
  outcome: SendOutcome,
  meta = { status: 200, body: "{}" },
) => stub.settleSend({ entry, index, attempt, nonce, rules: RULES, outcome, meta }, ALL);

async function someone(): Promise<Stub> {
  const stub = freshConversation();
  await ingest(stub, [says("hi", { forward: false })]);
  return stub;
}

describe("a message whose sender waits for Meta's answer", () => {
  it("has its end told, with Meta's own answer", async () => {
    const stub = await someone();
    const { entry, work } = await asks(stub, "hello");
    const ending = stub.outcome(entry, 10_000);
    const meta = { status: 200, body: '{"message_id":"m_1"}' };
    await reports(stub, sendWork(work), sent("m_1"), meta);
    expect(await ending).toEqual({ state: "sent", mid: "m_1", code: null, reason: null, meta });
  });

  it("is tried once: whether to try again is its sender's to decide", async () => {
    for (const outcome of [
      { kind: "retry", code: "temporary", reason: "(#2)" },
      { kind: "hold", code: "rate_limited", reason: "(#613)" },
      { kind: "failed", code: "window_closed", reason: "(#10)" },
    ] as const) {
      const stub = await someone();
      const { entry, work } = await asks(stub, "hello");
      expect(await reports(stub, sendWork(work), outcome)).toEqual([]);
      const { code, reason } = outcome;
      expect(await stub.outcome(entry, 10_000)).toMatchObject({ state: "failed", code, reason });
    }
  });

  it("waits its turn behind the bot's answer", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("hi")]));
    const first = sendWork(await reportAnswer(stub, delivery, answerOf("by answer")));
    const { entry, work } = await asks(stub, "by call");
    expect(work).toEqual([]);
    const ending = stub.outcome(entry, 10_000);
    const next = sendWork(await reports(stub, first, sent("m_1")));
    expect(textOf(next)).toBe("by call");
    await reports(stub, next, sent("m_2"));
    expect(await ending).toMatchObject({ state: "sent", mid: "m_2" });
  });

  it("is taken back when it hasn't been tried in time, so that its sender can try again", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("hi")]));
    const first = sendWork(await reportAnswer(stub, delivery, answerOf("by answer")));
    const { entry } = await asks(stub, "by call");
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "failed", code: "withdrawn" });
    expect(await reports(stub, first, sent("m_1"))).toEqual([]);
  });

  it("that is out when the time is up has an unknown end, and is never sent twice", async () => {
    const stub = await someone();
    const { entry, work } = await asks(stub, "hello");
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "unknown" });
    expect(await reports(stub, sendWork(work), { kind: "unknown", reason: "cut" })).toEqual([]);
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "unknown" });
    await letTimePass(stub);
    await evictDurableObject(stub);
    expect((await stub.take("send")).work).toEqual([]);
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "failed", code: "outcome_unknown" });
  });

  it("is known to be sent by its echo, also after the object was away", async () => {
    const stub = await someone();
    const { entry, work } = await asks(stub, "hello");
    const send = sendWork(work);
    await reports(stub, send, { kind: "unknown", reason: "cut" });
    await evictDurableObject(stub);
    const echo = { mid: "m_9", metadata: metadataOf(send) };
    await ingest(stub, [says("e", { type: "echo", forward: false, opensWindow: false, echo })]);
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "sent", mid: "m_9" });
  });

  it("whose run was lost isn't sent by another", async () => {
    const stub = await someone();
    const { entry } = await asks(stub, "hello");
    await letTimePass(stub);
    await evictDurableObject(stub);
    expect((await stub.take("send")).work).toEqual([]);
    expect(await stub.outcome(entry, 1)).toMatchObject({ state: "failed", code: "outcome_unknown" });
  });
});
