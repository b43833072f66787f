import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  alarmOf,
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  NONE,
  RULES,
  reportAnswer,
  reportFailure,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

const DAY = 24 * 60 * 60_000;

async function exchange(stub: Stub, words: string): Promise<void> {
  const delivery = deliverWork(await ingest(stub, [says(words)]));
  const send = sendWork(await reportAnswer(stub, delivery, answerOf(`re ${words}`)));
  await reportSend(stub, send, sent(`m_out_${words}`));
}

/** Sends something that nobody asked for. */
async function ask(stub: Stub, words: string): Promise<void> {
  const bodies = answerOf(words).messages;
  const { work } = await stub.send({ id: words, writer: "bot", bodies, humanAgent: false, rules: RULES });
  await reportSend(stub, sendWork(work), sent(`m_out_${words}`));
}

/** Makes everything a conversation has received so far this much older. */
async function age(stub: Stub, days: number): Promise<void> {
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    sql.exec("UPDATE event SET received = received - ?", days * DAY);
    sql.exec("UPDATE outbox SET at = at - ?", days * DAY);
  });
  await evictDurableObject(stub);
}

const rows = (stub: Stub) =>
  runInDurableObject(stub, (_, { storage: { sql } }) => {
    const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'event'").toArray().length > 0;
    const count = (table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
    return isThere ? count("event") + count("outbox") : 0;
  });

afterEach(() => vi.restoreAllMocks());

describe("retention", () => {
  it("leaves a conversation at rest with one alarm, for the day its oldest row is past its time", async () => {
    const stub = freshConversation();
    await exchange(stub, "a");
    const alarm = (await alarmOf(stub)) ?? 0;
    expect(alarm).toBeGreaterThan(Date.now() + 89 * DAY);
    expect(alarm).toBeLessThan(Date.now() + 92 * DAY);
    await exchange(stub, "b");
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBe(alarm);
  });

  it("comes at another time of the day for every conversation", async () => {
    const alarms = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const stub = freshConversation();
        await exchange(stub, "a");
        return (await alarmOf(stub)) ?? 0;
      }),
    );
    expect(new Set(alarms.map((alarm) => alarm % DAY)).size).toBeGreaterThan(1);
  });

  it("deletes what was sent unasked, too, where nothing else has happened", async () => {
    const stub = freshConversation();
    await ask(stub, "a");
    await age(stub, 95);
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBeNull();
    expect(await rows(stub)).toBe(0);
  });

  it("is due for old events also where what was sent unasked is the oldest that was sent", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("old", { forward: false })]);
    await age(stub, 95);
    await ask(stub, "a");
    await exchange(stub, "new");
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    await runDurableObjectAlarm(stub);
    expect(await rows(stub)).toBe(3);
  });

  it("deletes everything of a conversation nobody has used for that long", async () => {
    const stub = freshConversation();
    await exchange(stub, "a");
    await age(stub, 95);
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBeNull();
    expect(await runInDurableObject(stub, (_, { storage }) => storage.sql.databaseSize)).toBeLessThan(
      8192 * 2,
    );
  });

  it("lets a conversation begin anew after that", async () => {
    const stub = freshConversation();
    await exchange(stub, "a");
    await age(stub, 95);
    await runDurableObjectAlarm(stub);
    await exchange(stub, "a");
    expect(await rows(stub)).toBe(2);
  });

  it("deletes what is old of a conversation that is used, and keeps what is not", async () => {
    const stub = freshConversation();
    await exchange(stub, "old");
    await age(stub, 95);
    await exchange(stub, "new");
    expect(await rows(stub)).toBe(4);
    await runDurableObjectAlarm(stub);
    expect(await rows(stub)).toBe(2);
    // The conversation still knows what it has seen, and where it stands.
    expect((await stub.ingest([says("new")], true, RULES)).work).toEqual([]);
    await exchange(stub, "newest");
  });

  it("does not wake again and again for the newest rows, which it keeps", async () => {
    const stub = freshConversation();
    await exchange(stub, "answered long ago");
    await age(stub, 95);
    await ingest(stub, [says("only recorded", { forward: false })]);
    await runDurableObjectAlarm(stub);
    expect((await alarmOf(stub)) ?? 0).toBeGreaterThan(Date.now() + 80 * DAY);
  });

  it("keeps the events of a dead letter as long as the letter: a replay takes all of them or none", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("dead")]));
    await age(stub, 95);
    const [tell] = await reportFailure(stub, delivery, 400, true);
    if (tell?.kind === "tell") await stub.settleTelling([tell.letters[0]?.entry ?? 0], NONE);
    await exchange(stub, "new");
    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    await runDurableObjectAlarm(stub);
    expect((await stub.delivery(delivery.delivery))?.events).toHaveLength(1);
    await age(stub, 95);
    await exchange(stub, "newer");
    await runDurableObjectAlarm(stub);
    expect(await stub.replay([delivery.delivery])).toBe(0);
    run.mockRestore();
  });

  it("never deletes what still waits", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("waits")]);
    await age(stub, 95);
    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    await runDurableObjectAlarm(stub);
    expect(await rows(stub)).toBe(1);
    run.mockRestore();
  });
});

describe("a flood by one user", () => {
  it("is bounded: beyond 10,000 waiting events Meta is told to keep them, and nothing of that POST is stored", async () => {
    const stub = freshConversation();
    const flood = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => says(`${from + at}`, { opensWindow: false }));
    for (let from = 0; from < 10_000; from += 1000) await ingest(stub, flood(from, 1000));
    expect(await stub.ingest(flood(10_000, 2), true, RULES)).toEqual({ isFull: true, work: [] });
    expect(await rows(stub)).toBe(10_000);
    // What is known already is no flood: Meta's redelivery of it is acknowledged.
    expect((await stub.ingest(flood(9_000, 10), true, RULES)).isFull).toBe(false);
    const quiet = says("a receipt", { forward: false });
    expect((await stub.ingest([quiet], true, RULES)).isFull).toBe(false);
  }, 30_000);

  it("makes room as the bot answers", async () => {
    const stub = freshConversation();
    const all = Array.from({ length: 10_000 }, (_, at) => says(`${at}`));
    const work = deliverWork(await ingest(stub, all));
    expect((await stub.ingest([says("one more")], true, RULES)).isFull).toBe(true);
    await reportAnswer(stub, work, answerOf());
    expect((await stub.ingest([says("one more")], true, RULES)).isFull).toBe(false);
  }, 30_000);
});
