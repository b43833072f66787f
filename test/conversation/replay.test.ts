import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { DeliverWork, TellWork, Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  messagesOf,
  RULES,
  reportAnswer,
  reportFailure,
  type Stub,
  says,
  wordsOf,
} from "../support/conversation.ts";

function tellWork(work: Work[]): TellWork {
  const found = work.find((one) => one.kind === "tell");
  if (!found) throw new Error("nothing to tell");
  return found;
}

/** A conversation with a dead letter, and the delivery that became it. */
async function dead(...words: string[]): Promise<{ stub: Stub; letter: DeliverWork; tell: TellWork }> {
  const stub = freshConversation();
  const letter = deliverWork(
    await ingest(
      stub,
      words.map((one) => says(one)),
    ),
  );
  return { stub, letter, tell: tellWork(await reportFailure(stub, letter, 422, true)) };
}

/** Replays, and takes the work the alarm starts for it. */
async function replay(stub: Stub, ...ids: string[]): Promise<{ count: number; work: Work[] }> {
  const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
  const started = () => run.mock.calls.flatMap(([id, work]) => (id === stub.name ? work : []));
  const count = await stub.replay(ids);
  if (count > 0) await vi.waitFor(() => expect(started().some(({ kind }) => kind === "deliver")).toBe(true));
  const work = started();
  run.mockRestore();
  return { count, work };
}

describe("a dead letter", () => {
  it("is told to the page until the page has noted it", async () => {
    const { stub, letter, tell } = await dead("a");
    expect(tell.letters).toMatchObject([
      { delivery: letter.delivery, outcome: "dead", status: 422, reason: "http_422" },
    ]);
    await evictDurableObject(stub);
    expect(tellWork((await stub.ingest([says("b")], true, RULES)).work).letters).toEqual(tell.letters);
    await stub.settleTelling(
      tell.letters.map(({ entry }) => entry),
      { deliver: false, send: false, tell: false },
    );
    await evictDurableObject(stub);
    expect((await stub.ingest([says("c")], true, RULES)).work).toEqual([]);
  });

  it("is replayed under its id with its events, as a new attempt", async () => {
    const { stub, letter } = await dead("a", "b");
    const { count, work } = await replay(stub, letter.delivery);
    expect(count).toBe(1);
    expect(deliverWork(work)).toMatchObject({ delivery: letter.delivery, events: letter.events, attempt: 2 });
  });

  it("brought back has its answer sent, and the page told", async () => {
    const { stub, letter } = await dead("a");
    const { work } = await replay(stub, letter.delivery);
    await evictDurableObject(stub);
    const told = tellWork(await reportAnswer(stub, deliverWork(work), answerOf("better late")));
    expect(told.letters.at(-1)).toMatchObject({ delivery: letter.delivery, outcome: "answered" });
    expect((await messagesOf(stub)).map(({ text }) => text)).toEqual(["better late"]);
    expect(await stub.delivery(letter.delivery)).toMatchObject({
      outcome: "answered",
      attempts: [{ status: 200 }],
    });
  });

  it("can be replayed again after it was answered, and after it failed again", async () => {
    const { stub, letter } = await dead("a");
    for (const fails of [true, false, false]) {
      const { count, work } = await replay(stub, letter.delivery);
      expect(count).toBe(1);
      if (fails) await reportFailure(stub, deliverWork(work), 422, true);
      else await reportAnswer(stub, deliverWork(work), answerOf("yes"));
    }
    expect(await messagesOf(stub)).toHaveLength(2);
  });

  it("is not replayed twice at once", async () => {
    const { stub, letter } = await dead("a");
    expect((await replay(stub, letter.delivery, letter.delivery)).count).toBe(1);
    expect(await stub.replay([letter.delivery])).toBe(0);
    expect(await stub.replay(["msg_unknown"])).toBe(0);
  });

  it("replayed goes beside nothing else: one request to the bot at a time", async () => {
    const { stub, letter } = await dead("a");
    const current = deliverWork(await ingest(stub, [says("b")]));
    expect(await stub.replay([letter.delivery])).toBe(1);
    expect(
      (await stub.ingest([says("c")], true, RULES)).work.filter(({ kind }) => kind === "deliver"),
    ).toEqual([]);
    const next = deliverWork(await reportAnswer(stub, current, answerOf()));
    expect(wordsOf(next)).toEqual(["c"]);
    expect(wordsOf(deliverWork(await reportAnswer(stub, next, answerOf())))).toEqual(["a"]);
  });

  it("shows its attempts with what the bot said", async () => {
    const { stub, letter } = await dead("a");
    expect(await stub.delivery(letter.delivery)).toMatchObject({
      id: letter.delivery,
      outcome: "dead",
      attempts: [{ status: 422, reason: "http_422", tookMs: 5, answer: "…" }],
      events: [{ id: "m_a" }],
      messages: [],
    });
    expect(await stub.delivery("msg_unknown")).toBeNull();
  });
});
