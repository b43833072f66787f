import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { Conversation } from "../../src/conversation/conversation.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  isAtRest,
  reportAnswer,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

/** Counts what Cloudflare bills an object for: rows written, every alarm set or cleared among them. */
async function countRows(stub: Stub): Promise<() => number> {
  let rows = 0;
  await runInDurableObject(stub, (_, { storage }) => {
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    vi.spyOn(sql, "exec").mockImplementation((query: string, ...values: unknown[]) => {
      const cursor = exec(query, ...values);
      rows += cursor.rowsWritten;
      return cursor as never;
    });
    for (const method of ["setAlarm", "deleteAlarm"] as const) {
      const call = storage[method].bind(storage) as (...args: unknown[]) => Promise<void>;
      vi.spyOn(storage, method).mockImplementation((...args: unknown[]) => {
        rows++;
        return call(...args);
      });
    }
  });
  return () => rows;
}

const exchange = async (stub: Stub, words: string) => {
  const delivery = deliverWork(await ingest(stub, [says(words)], true));
  const send = sendWork(await reportAnswer(stub, delivery, answerOf(`echo: ${words}`)));
  expect(await reportSend(stub, send, sent(`m_out_${words}`))).toEqual([]);
};

describe("the price of an exchange (user text in, bot reply out)", () => {
  it("is 6 rows written and 3 object requests, and leaves no alarm but the one that deletes it", async () => {
    const stub = freshConversation();
    await exchange(stub, "the first makes the tables");
    // As after a pause: nobody knows any more that it was lively.
    await evictDurableObject(stub);
    const rows = await countRows(stub);
    const requests = (["ingest", "settleDelivery", "settleSend", "alarm"] as const).map((method) =>
      vi.spyOn(Conversation.prototype, method),
    );

    await exchange(stub, "hello");

    expect(rows()).toBe(6);
    expect(requests.reduce((sum, spy) => sum + spy.mock.calls.length, 0)).toBe(3);
    expect(await isAtRest(stub)).toBe(true);
    vi.restoreAllMocks();
  });

  it("is less in a lively conversation: its alarm is neither moved nor cleared for every exchange", async () => {
    const stub = freshConversation();
    await exchange(stub, "first");
    const rows = await countRows(stub);
    await exchange(stub, "second");
    expect(rows()).toBe(5);
    await exchange(stub, "third");
    expect(rows()).toBe(5 + 4);
    // The alarm that is left fires once for nothing, and makes room for the one that deletes.
    await runDurableObjectAlarm(stub);
    expect(await isAtRest(stub)).toBe(true);
    vi.restoreAllMocks();
  });

  it("of an event seen before is nothing but the request", async () => {
    const stub = freshConversation();
    await exchange(stub, "hello");
    await evictDurableObject(stub);
    const rows = await countRows(stub);
    expect(await ingest(stub, [says("hello")], true)).toEqual([]);
    expect(rows()).toBe(0);
    vi.restoreAllMocks();
  });

  it("does not grow with the conversation's history: the same rows are read after 2000 events as after 20", async () => {
    const read = async (history: number) => {
      const stub = freshConversation();
      const old = Array.from({ length: history }, (_, at) => says(`${history}-${at}`, { forward: false }));
      await ingest(stub, old, true);
      await exchange(stub, "settles what came before");
      let rows = 0;
      await runInDurableObject(stub, (_, { storage: { sql } }) => {
        const exec = sql.exec.bind(sql);
        vi.spyOn(sql, "exec").mockImplementation((query: string, ...values: unknown[]) => {
          const cursor = exec(query, ...values);
          const toArray = cursor.toArray.bind(cursor);
          vi.spyOn(cursor, "toArray").mockImplementation(() => {
            const all = toArray();
            rows += cursor.rowsRead;
            return all;
          });
          return cursor as never;
        });
      });
      await exchange(stub, "hello");
      // An awake conversation knows where it stands.
      expect(rows).toBe(0);
      const work = deliverWork(await ingest(stub, [says("one")]));
      await ingest(stub, [says("one more while the bot thinks")]);
      expect(await reportAnswer(stub, work, answerOf())).toHaveLength(1);
      return rows;
    };
    const few = await read(20);
    expect(few).toBeGreaterThan(0);
    expect(await read(2000)).toBe(few);
  });
});
