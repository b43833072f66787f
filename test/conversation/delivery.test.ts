import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  alarmOf,
  answerOf,
  butTelling,
  deliverWork,
  freshConversation,
  ingest,
  isAtRest,
  letTimePass,
  messagesOf,
  NONE,
  RULES,
  reportAnswer,
  reportFailure,
  reportOf,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
  wordsOf,
} from "../support/conversation.ts";

/** Fires the alarm and takes the work it hands to the dispatcher, in the dispatcher's place. */
async function fireAlarm(stub: Stub) {
  const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
  try {
    await runDurableObjectAlarm(stub);
    return run.mock.calls.flatMap(([id, work]) => (id === stub.name ? work : []));
  } finally {
    run.mockRestore();
  }
}

const settleTelling = (stub: Stub, work: Work | undefined) =>
  work?.kind === "tell"
    ? stub.settleTelling(
        work.letters.map(({ entry }) => entry),
        NONE,
      )
    : [];

/** As after a crash, with the lease's deadline past. */
async function crash(stub: Stub) {
  await letTimePass(stub);
  await evictDurableObject(stub);
}

describe("events on their way to the bot", () => {
  it("are handed out when they are stored, all of a POST at once", async () => {
    const stub = freshConversation();
    const work = deliverWork(await ingest(stub, [says("a"), says("b")], true));
    expect(wordsOf(work)).toEqual(["a", "b"]);
    expect(work.attempt).toBe(1);
  });

  it("wait while a delivery is out, and go together in the next", async () => {
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("a")], true));
    expect(await ingest(stub, [says("b")], true)).toEqual([]);
    expect(await ingest(stub, [says("c")], true)).toEqual([]);
    const next = deliverWork(await reportAnswer(stub, first, answerOf()));
    expect(wordsOf(next)).toEqual(["b", "c"]);
    expect(next.delivery).not.toBe(first.delivery);
  });

  it("go 25 at a time, and no more than 128 KB but always one", async () => {
    const stub = freshConversation();
    let work = deliverWork(
      await ingest(
        stub,
        Array.from({ length: 60 }, (_, at) => says(`${at}`)),
        true,
      ),
    );
    const sizes = [work.events.length];
    for (let more = await reportAnswer(stub, work, answerOf()); more.length > 0; ) {
      work = deliverWork(more);
      sizes.push(work.events.length);
      more = await reportAnswer(stub, work, answerOf());
    }
    expect(sizes).toEqual([25, 25, 10]);

    const large = (words: string, bytes: number) => says(words, { raw: JSON.stringify("x".repeat(bytes)) });
    const other = freshConversation();
    const events = [large("a", 200_000), large("b", 60_000), large("c", 60_000), large("d", 60_000)];
    const first = deliverWork(await ingest(other, events, true));
    expect(wordsOf(first)).toEqual(["a"]);
    expect(wordsOf(deliverWork(await reportAnswer(other, first, answerOf())))).toEqual(["b", "c"]);
  });

  it("are not handed out twice when they are stored twice", async () => {
    const stub = freshConversation();
    const work = deliverWork(await ingest(stub, [says("a")], true));
    expect(await ingest(stub, [says("a")], true)).toEqual([]);
    expect(await reportAnswer(stub, work, answerOf())).toEqual([]);
    expect(await ingest(stub, [says("a")], true)).toEqual([]);
  });

  it("that are only recorded never go, and don't hold others up", async () => {
    const stub = freshConversation();
    const quiet = (words: string) => says(words, { forward: false });
    expect(await ingest(stub, [quiet("a"), quiet("b")], true)).toEqual([]);
    const work = deliverWork(await ingest(stub, [quiet("c"), says("d"), quiet("e"), says("f")], true));
    expect(wordsOf(work)).toEqual(["d", "f"]);
    await ingest(stub, [quiet("g")], true);
    expect(await reportAnswer(stub, work, answerOf())).toEqual([]);
    expect(await fireAlarm(stub)).toEqual([]);
    expect(await isAtRest(stub)).toBe(true);
  });

  it("are started by the alarm when the one who stored them has no hand free", async () => {
    const stub = freshConversation();
    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    expect(await ingest(stub, [says("a")], false)).toEqual([]);
    const started = () => run.mock.calls.flatMap(([id, work]) => (id === stub.name ? work : []));
    await vi.waitFor(() => expect(started()).toHaveLength(1));
    expect(wordsOf(deliverWork(started()))).toEqual(["a"]);
    run.mockRestore();
  });
});

describe("a bot that fails", () => {
  it("gets the same events under the same id, and those that came since only afterwards", async () => {
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("a"), says("b")], true));
    expect(await reportFailure(stub, first)).toEqual([]);
    await ingest(stub, [says("c")], true);
    await crash(stub);
    const second = deliverWork(await fireAlarm(stub));
    expect(second).toMatchObject({ delivery: first.delivery, attempt: 2, events: first.events });
    expect(wordsOf(deliverWork(await reportAnswer(stub, second, answerOf())))).toEqual(["c"]);
  });

  it("is waited for by the schedule: within 5 s first, then within 5 min", async () => {
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("a")], true));
    await reportFailure(stub, first);
    const wait = ((await alarmOf(stub)) ?? 0) - Date.now();
    expect(wait).toBeGreaterThan(-100);
    expect(wait).toBeLessThanOrEqual(5_000);
  });

  it("refusing for good makes a dead letter that doesn't hold up what follows", async () => {
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("poison")], true));
    await ingest(stub, [says("b")], true);
    const next = deliverWork(await reportFailure(stub, first, 400, true));
    expect(wordsOf(next)).toEqual(["b"]);
  });

  it("is given up after the schedule is used up", async () => {
    const stub = freshConversation();
    let work = deliverWork(await ingest(stub, [says("a")], true));
    for (let attempt = 1; attempt <= 9; attempt++) {
      expect(work.attempt).toBe(attempt);
      await reportFailure(stub, work);
      await crash(stub);
      work = deliverWork(await fireAlarm(stub));
    }
    const [tell] = await reportFailure(stub, work);
    expect(tell).toMatchObject({
      kind: "tell",
      letters: [{ delivery: work.delivery, outcome: "dead", status: 503 }],
    });
    await settleTelling(stub, tell);
    await letTimePass(stub);
    expect(await fireAlarm(stub)).toEqual([]);
    expect(await isAtRest(stub)).toBe(true);
  });
});

describe("a run that dies", () => {
  it("loses nothing: the alarm hands the delivery out again", async () => {
    const stub = freshConversation();
    const lost = deliverWork(await ingest(stub, [says("a")], true));
    const deadline = ((await alarmOf(stub)) ?? 0) - Date.now();
    expect(deadline).toBeGreaterThan(24_000);
    await crash(stub);
    const again = deliverWork(await fireAlarm(stub));
    expect(again).toMatchObject({ delivery: lost.delivery, attempt: 2 });
  });

  it("and reports late changes nothing", async () => {
    const stub = freshConversation();
    const lost = deliverWork(await ingest(stub, [says("a")], true));
    await crash(stub);
    const again = deliverWork(await fireAlarm(stub));
    expect(await reportAnswer(stub, lost, answerOf("late"))).toEqual([]);
    await reportAnswer(stub, again, answerOf("in time"));
    expect((await messagesOf(stub)).map(({ text }) => text)).toEqual(["in time"]);
  });

  it("and reports twice is counted once", async () => {
    const stub = freshConversation();
    const work = deliverWork(await ingest(stub, [says("a")], true));
    await reportAnswer(stub, work, answerOf("one"));
    expect(await reportAnswer(stub, work, answerOf("one"))).toEqual([]);
    expect(await messagesOf(stub)).toHaveLength(1);
  });

  it("is noticed by the next event too, should the alarm be late", async () => {
    const stub = freshConversation();
    const lost = deliverWork(await ingest(stub, [says("a")], true));
    await crash(stub);
    const again = deliverWork(await ingest(stub, [says("b")], true));
    expect(again).toMatchObject({ delivery: lost.delivery, attempt: 2, events: lost.events });
  });

  it("is noticed by the next event also when the alarm itself was lost", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("a")], true);
    await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());
    await crash(stub);
    const again = deliverWork(await ingest(stub, [says("b")], true));
    expect(again.attempt).toBe(2);
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
  });

  it("again and again becomes a dead letter instead of going on for ever", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("kills the run")], true);
    for (let lost = 1; lost < 50; lost++) {
      await crash(stub);
      expect(deliverWork(await fireAlarm(stub)).attempt).toBe(lost + 1);
    }
    await crash(stub);
    expect(butTelling(await fireAlarm(stub))).toEqual([]);
    expect(wordsOf(deliverWork(await ingest(stub, [says("next")])))).toEqual(["next"]);
  });

  it("for the last time holds nothing up, also when the next event finds it", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("poison")]);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE event SET lost = 49, due = 1");
    });
    await evictDurableObject(stub);
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(wordsOf(deliverWork(await ingest(stub, [says("one"), says("two")])))).toEqual(["one", "two"]);
    await crash(stub);
    expect(wordsOf(deliverWork(await ingest(stub, [says("three")])))).toEqual(["one", "two"]);
    vi.restoreAllMocks();
  });

  it("at any point leaves the conversation where it stood", async () => {
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("a")], true));
    await evictDurableObject(stub);
    await ingest(stub, [says("b")], true);
    await evictDurableObject(stub);
    const more = await reportAnswer(stub, first, answerOf("to a", "still to a"));
    await evictDurableObject(stub);
    const onwards = await reportSend(stub, sendWork(more), sent("m_out_1"));
    await evictDurableObject(stub);
    await reportAnswer(stub, deliverWork(more), answerOf("to b"));
    await evictDurableObject(stub);
    const last = await reportSend(stub, sendWork(onwards), sent("m_out_2"));
    await evictDurableObject(stub);
    expect(await reportSend(stub, sendWork(last), sent("m_out_3"))).toEqual([]);
    expect((await messagesOf(stub)).map(({ text, status }) => [text, status])).toEqual([
      ["to a", "sent"],
      ["still to a", "sent"],
      ["to b", "sent"],
    ]);
    expect(await isAtRest(stub)).toBe(true);
  });

  it("has no time for more leaves it to the alarm", async () => {
    const stub = freshConversation();
    const work = deliverWork(await ingest(stub, [says("a")], true));
    await ingest(stub, [says("b")], true);
    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    expect(await reportAnswer(stub, work, answerOf("to a"), NONE)).toEqual([]);
    const started = () => run.mock.calls.flatMap(([id, more]) => (id === stub.name ? more : []));
    await vi.waitFor(() => expect(started()).toHaveLength(2));
    expect(wordsOf(deliverWork(started()))).toEqual(["b"]);
    expect(sendWork(started()).index).toBe(0);
    run.mockRestore();
  });
});

describe("what the bot is told", () => {
  it("is its state, when the window closes, and who owns the conversation", async () => {
    const stub = freshConversation();
    const at = 1_790_000_000_000;
    const first = deliverWork(await ingest(stub, [says("a", { at })], true));
    expect(first.conversation).toMatchObject({
      state: null,
      stateVersion: 0,
      owner: "bot",
      windowClosesAt: at + 86_400_000,
    });
    await reportAnswer(stub, first, {
      ...answerOf(),
      state: '{"step":2}',
      stateVersion: 0,
      handover: "human",
    });
    const older = says("b", { at: at - 5 });
    const rules = { ...RULES, forwardStandby: true };
    const { work } = await stub.ingest([older], true, rules);
    expect(deliverWork(work).conversation).toMatchObject({
      state: '{"step":2}',
      stateVersion: 1,
      owner: "human",
      windowClosesAt: at + 86_400_000,
    });
  });

  it("is that its state was refused: built on an old version, or too large", async () => {
    const stub = freshConversation();
    let work = deliverWork(await ingest(stub, [says("a")], true));
    await reportAnswer(stub, work, { ...answerOf(), state: '{"step":1}' });
    work = deliverWork(await ingest(stub, [says("b")], true));
    await reportAnswer(stub, work, { ...answerOf("kept"), state: '{"step":9}', stateVersion: 0 });
    work = deliverWork(await ingest(stub, [says("c")], true));
    expect(work.conversation).toMatchObject({
      state: '{"step":1}',
      stateVersion: 1,
      stateRefused: "stale_version",
    });
    await reportAnswer(stub, work, {
      ...answerOf(),
      state: JSON.stringify("é".repeat(33_000)),
      stateVersion: 1,
    });
    work = deliverWork(await ingest(stub, [says("d")], true));
    expect(work.conversation).toMatchObject({ state: '{"step":1}', stateRefused: "too_large" });
    await reportAnswer(stub, work, answerOf());
    work = deliverWork(await ingest(stub, [says("e")], true));
    expect(work.conversation.stateRefused).toBeNull();
    expect((await messagesOf(stub)).map(({ text }) => text)).toEqual(["kept"]);
  });
});

describe("an answer that can't be sent", () => {
  it("is asked for once more, then the delivery is a dead letter and what follows goes on", async () => {
    const stub = freshConversation();
    let work = deliverWork(await ingest(stub, [says("a")]));
    await ingest(stub, [says("b")]);
    const outcome = {
      kind: "retry" as const,
      status: 200,
      reason: "answer_invalid: messages[0]",
      attempts: 2,
    };
    const report = () => stub.settleDelivery({ ...reportOf(work), outcome }, NONE);
    await report();
    work = deliverWork((await stub.take("deliver")).work);
    expect(work.attempt).toBe(2);
    await report();
    expect(await stub.delivery(work.delivery)).toMatchObject({ outcome: "dead" });
    expect(wordsOf(deliverWork((await stub.take("deliver")).work))).toEqual(["b"]);
  });
});
