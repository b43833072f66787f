import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { SendWork } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  alarmOf,
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  isAtRest,
  letTimePass,
  messagesOf,
  metadataOf,
  reportAnswer,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
  textOf,
} from "../support/conversation.ts";

/** A conversation whose bot has answered; the first message is out to be sent. */
async function answered(...texts: string[]): Promise<{ stub: Stub; first: SendWork }> {
  const stub = freshConversation();
  const work = deliverWork(await ingest(stub, [says("hello")], true));
  return { stub, first: sendWork(await reportAnswer(stub, work, answerOf(...texts))) };
}

async function fireAlarm(stub: Stub) {
  const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
  try {
    await letTimePass(stub);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    return run.mock.calls.flatMap(([id, work]) => (id === stub.name ? work : []));
  } finally {
    run.mockRestore();
  }
}

const echo = (work: SendWork, mid: string) =>
  says(`echo of ${mid}`, {
    type: "echo",
    forward: false,
    opensWindow: false,
    echo: { mid, metadata: metadataOf(work) },
  });

describe("messages to the user", () => {
  it("are handed out one at a time, the next when the last is settled", async () => {
    const { stub, first } = await answered("one", "two", "three");
    const second = sendWork(await reportSend(stub, first, sent("m_1")));
    const third = sendWork(await reportSend(stub, second, sent("m_2")));
    expect([first, second, third].map(textOf)).toEqual(["one", "two", "three"]);
    expect(await reportSend(stub, third, sent("m_3"))).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([
      { status: "sent", mid: "m_1" },
      { status: "sent", mid: "m_2" },
      { status: "sent", mid: "m_3" },
    ]);
  });

  it("of a later answer wait for those of the earlier", async () => {
    const { stub, first } = await answered("one", "two");
    const next = deliverWork(await ingest(stub, [says("more")], true));
    expect(await reportAnswer(stub, next, answerOf("three"))).toEqual([]);
    const second = sendWork(await reportSend(stub, first, sent("m_1")));
    const third = sendWork(await reportSend(stub, second, sent("m_2")));
    expect([second, third].map(textOf)).toEqual(["two", "three"]);
  });

  it("wait behind one that is retried, whatever the bot answers meanwhile", async () => {
    const { stub, first } = await answered("one");
    await reportSend(stub, first, { kind: "retry", code: "temporary", reason: "HTTP 500" });
    const silent = deliverWork(await ingest(stub, [says("more")], true));
    expect(await reportAnswer(stub, silent, answerOf())).toEqual([]);
    const next = deliverWork(await ingest(stub, [says("even more")], true));
    expect(await reportAnswer(stub, next, answerOf("two"))).toEqual([]);
    const again = sendWork(await fireAlarm(stub));
    expect([textOf(again), again.attempt]).toEqual(["one", 2]);
    expect(textOf(sendWork(await reportSend(stub, again, sent("m_1"))))).toBe("two");
  });

  it("that fail for good are recorded with code and reason, and the next goes", async () => {
    const { stub, first } = await answered("too late", "next");
    const second = sendWork(
      await reportSend(stub, first, { kind: "failed", code: "window_closed", reason: "(#10)" }),
    );
    await reportSend(stub, second, sent("m_2"));
    expect(await messagesOf(stub)).toMatchObject([
      { status: "failed", code: "window_closed", reason: "(#10)" },
      { status: "sent" },
    ]);
  });

  it("are given up after the schedule is used up, with the last reason", async () => {
    const { stub, first } = await answered("one");
    let work = first;
    for (let failures = 1; failures <= 9; failures++) {
      await reportSend(stub, work, { kind: "retry", code: "temporary", reason: `HTTP ${500 + failures}` });
      work = sendWork(await fireAlarm(stub));
    }
    await reportSend(stub, work, { kind: "retry", code: "temporary", reason: "HTTP 599" });
    expect(await messagesOf(stub)).toMatchObject([
      { status: "failed", code: "temporary", reason: "HTTP 599" },
    ]);
    expect(await isAtRest(stub)).toBe(true);
  });

  it("are held as long as their page can't send, and lose no attempt by it", async () => {
    const { stub, first } = await answered("one");
    let work = first;
    for (let times = 0; times < 15; times++) {
      await reportSend(stub, work, { kind: "hold", code: "needs_reauth", reason: "(#190)" });
      expect(await messagesOf(stub)).toMatchObject([{ status: "held", code: "needs_reauth" }]);
      work = sendWork(await fireAlarm(stub));
    }
    expect(await reportSend(stub, work, sent("m_1"))).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([{ status: "sent" }]);
  });

  it("carry a mark, and the bot's own metadata behind it", async () => {
    const stub = freshConversation();
    const work = deliverWork(await ingest(stub, [says("hello")], true));
    const message = { text: "hi", metadata: "campaign 7" };
    const first = sendWork(
      await reportAnswer(stub, work, { messages: [{ message }], actions: ["typing_on"] }),
    );
    expect(metadataOf(first)).toMatch(/^mg1\.\d+\.0\.[0-9a-f]{8} campaign 7$/);
    expect(first.actions).toEqual(["typing_on"]);
  });
});

describe("a message whose outcome is unknown", () => {
  it("is settled by its echo and not sent again", async () => {
    const { stub, first } = await answered("one", "two");
    await reportSend(stub, first, { kind: "unknown", reason: "cut off" });
    const next = sendWork(await ingest(stub, [echo(first, "m_1")], true));
    expect(textOf(next)).toBe("two");
    expect(await messagesOf(stub)).toMatchObject([{ status: "sent", mid: "m_1" }, { status: "sending" }]);
  });

  it("waits for its echo also when its page is woken", async () => {
    const { stub, first } = await answered("one");
    await reportSend(stub, first, { kind: "unknown", reason: "cut off" });
    expect((await stub.take("send")).work).toEqual([]);
    await reportSend(stub, first, { kind: "hold", code: "needs_reauth", reason: "(#190)" });
    expect((await stub.take("send")).work).toEqual([]);
  });

  it("is sent again when no echo comes within the grace time", async () => {
    const { stub, first } = await answered("one");
    await reportSend(stub, first, { kind: "unknown", reason: "cut off" });
    expect(((await alarmOf(stub)) ?? 0) - Date.now()).toBeGreaterThan(15_000);
    const again = sendWork(await fireAlarm(stub));
    expect(textOf(again)).toBe("one");
    expect(metadataOf(again)).toBe(metadataOf(first));
  });

  it("is settled by its echo also before the call that sent it reports", async () => {
    const { stub, first } = await answered("one", "two");
    const next = sendWork(await ingest(stub, [echo(first, "m_1")], true));
    expect(await reportSend(stub, first, { kind: "unknown", reason: "late" })).toEqual([]);
    expect(await reportSend(stub, next, sent("m_2"))).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([
      { status: "sent", mid: "m_1" },
      { status: "sent", mid: "m_2" },
    ]);
  });

  it("is settled by its echo also after the run that sent it died", async () => {
    const { stub, first } = await answered("one");
    await evictDurableObject(stub);
    expect(await ingest(stub, [echo(first, "m_1")], true)).toEqual([]);
    expect(await fireAlarm(stub)).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([{ status: "sent", mid: "m_1" }]);
  });

  it("is not settled by the echo of another life of the conversation", async () => {
    const { stub, first } = await answered("one");
    const metadata = metadataOf(first).replace(/[0-9a-f]{8}$/, "00000000");
    await ingest(stub, [{ ...echo(first, "m_1"), echo: { mid: "m_1", metadata } }], true);
    expect(await messagesOf(stub)).toMatchObject([{ status: "sending" }]);
  });
});
