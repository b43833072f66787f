import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { SendReport, TellWork } from "../../src/conversation/work.ts";
import { type ConversationId, pageId, partsOf } from "../../src/ids.ts";
import { keyOf } from "../../src/media/link.ts";
import { eraseConversation, eraseLeftovers } from "../../src/privacy/erasing.ts";
import { bucket, config, freshId } from "../media/world.ts";
import {
  alarmOf,
  answerOf,
  deliverWork,
  echoFrom,
  freshConversation,
  ingest,
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
} from "../support/conversation.ts";

const ALL = { deliver: true, send: true, tell: true };

/** How many rows there are in all tables. */
async function rowsOf(stub: Stub): Promise<number> {
  // The tables are made again by whatever call comes next.
  await stub.info(null);
  return runInDurableObject(stub, (_, { storage }) =>
    ["event", "outbox", "replay", "fact"]
      .map((table) => storage.sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).one().rows)
      .reduce((sum, rows) => sum + rows),
  );
}

const isEmpty = async (stub: Stub): Promise<boolean> =>
  (await rowsOf(stub)) === 0 && (await alarmOf(stub)) === null && !(await stub.info(null)).exists;

/** A conversation in which the bot is asked, with the question that is out. */
async function asking(): Promise<{ stub: Stub; work: ReturnType<typeof deliverWork> }> {
  const stub = freshConversation();
  return { stub, work: deliverWork(await ingest(stub, [says("hello")])) };
}

describe("a conversation that is deleted", () => {
  it("leaves neither rows nor alarm; deleting it again finds nothing", async () => {
    const { stub, work } = await asking();
    const first = sendWork(await reportAnswer(stub, work, { ...answerOf("hi"), state: '{"name":"Ada"}' }));
    await reportSend(stub, first, sent("m_out"));
    expect(await rowsOf(stub)).toBeGreaterThan(2);
    expect(await stub.erase()).toBe(true);
    expect(await isEmpty(stub)).toBe(true);
    expect((await stub.state()).state).toBeNull();
    expect(await stub.erase()).toBe(false);
    await evictDurableObject(stub);
    expect(await isEmpty(stub)).toBe(true);
  });

  it("isn't brought back by the report of a delivery that was out", async () => {
    const { stub, work } = await asking();
    await stub.erase();
    const answer = { ...answerOf("too late"), state: '{"name":"Ada"}', handover: "human" };
    const profile = { value: '{"first_name":"Ada"}', dueInMs: 1000 };
    const outcome = { kind: "answered" as const, status: 200, answer };
    expect(await stub.settleDelivery({ ...reportOf(work), outcome, profile }, ALL)).toEqual([]);
    expect(await isEmpty(stub)).toBe(true);
    expect(await reportFailure(stub, work, 400, true)).toEqual([]);
    expect(await isEmpty(stub)).toBe(true);
  });

  it("isn't brought back by the report of a message that was out, however it ended", async () => {
    const ends: Pick<SendReport, "outcome" | "spent" | "passedTo" | "meta">[] = [
      { outcome: sent("m_out"), spent: "comment-1", meta: { status: 200, body: "{}" } },
      { outcome: { kind: "failed", code: "not_thread_owner", reason: "another app is controlling" } },
      { outcome: { kind: "unknown", reason: "no answer" } },
      { outcome: { kind: "hold", code: "needs_reauth", reason: "190" }, passedTo: "bot" },
    ];
    for (const end of ends) {
      const { stub, work } = await asking();
      const { entry, index, attempt, nonce } = sendWork(await reportAnswer(stub, work, answerOf("hi")));
      await stub.erase();
      const rules = { ...RULES, callbacks: ["message.failed"] };
      expect(await stub.settleSend({ entry, index, attempt, nonce, rules, ...end }, ALL)).toEqual([]);
      expect(await isEmpty(stub)).toBe(true);
    }
  });

  it("isn't brought back by word that its page knows of a dead letter", async () => {
    const { stub, work } = await asking();
    const told = await reportFailure(stub, work, 400, true);
    const { letters } = told.find(({ kind }) => kind === "tell") as TellWork;
    await stub.erase();
    await stub.settleTelling(
      letters.map(({ entry }) => entry),
      NONE,
    );
    expect(await isEmpty(stub)).toBe(true);
  });

  it("lets whoever waits for a message's end know that nobody knows", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hello")], true, RULES);
    const bodies = [{ message: { text: "hi" } }];
    const request = { id: "req_1", writer: "bot" as const, bodies, humanAgent: false, rules: RULES };
    const { entry } = await stub.send({ ...request, isAwaited: true });
    const outcome = stub.outcome(entry, 60_000);
    // The other call is under way when this one is made.
    await stub.state();
    await stub.erase();
    expect((await outcome).state).toBe("unknown");
  });

  it("begins anew when the user writes again", async () => {
    const { stub } = await asking();
    await stub.erase();
    const work = deliverWork(await ingest(stub, [says("hello")]));
    expect(work.events.map(({ id }) => id)).toEqual(["m_hello"]);
    expect(work.conversation.profile).toBeNull();
  });
});

describe("what comes of runs that were out", () => {
  it("is deleted, too: an echo of what was on its way", async () => {
    const { stub } = await asking();
    await stub.erase();
    await ingest(stub, [echoFrom("app", "on its way")]);
    expect(await stub.erase(Date.now() - 1000)).toBe(true);
    expect(await isEmpty(stub)).toBe(true);
  });

  it("is a new conversation if the user has written, and stays", async () => {
    const { stub } = await asking();
    await stub.erase();
    await ingest(stub, [says("here I am again")]);
    expect(await stub.erase(Date.now() - 1000)).toBe(false);
    expect(await isEmpty(stub)).toBe(false);
  });

  it("is deleted from the bucket, and nobody else's copies are", async () => {
    const [id, other] = [freshId(), `${freshId()}0` as ConversationId];
    const keys = [id, other].map((conversation) => keyOf({ conversation, event: "m_1", index: 0 }));
    const put = () => Promise.all(keys.map((key) => bucket.put(key, "a picture")));
    const left = async () => Promise.all(keys.map(async (key) => (await bucket.head(key)) !== null));
    await put();
    await eraseConversation(id, config, env);
    expect(await left()).toEqual([false, true]);
    await put();
    await eraseLeftovers(id, Date.now(), config, env);
    expect(await left()).toEqual([false, true]);
  });
});

describe("its page", () => {
  const letter = (delivery: string, at: number) => ({
    entry: 1,
    delivery,
    outcome: "dead" as const,
    at,
    status: 400,
    reason: "http_400",
  });
  const comparison = (conversation: string, at: number) => ({
    conversation,
    delivery: "d",
    at,
    verdict: "same" as const,
    primary: { status: 200, tookMs: 1, reason: null, answer: '{"messages":[]}' },
    shadow: { status: 200, tookMs: 1, reason: null, answer: '{"messages":[]}' },
  });

  /** A page that knows a conversation in every way, and another one. */
  async function knowing(id: ConversationId, other: ConversationId) {
    const page = env.PAGE.getByName(partsOf(id).page);
    for (const one of [id, other]) {
      await page.note(one, [letter(`${one} 1`, Date.now())]);
      await page.noteComparison(comparison(one, Date.now()));
      const trouble = { conversation: one, reason: "bot_gone" as const, afterMs: undefined };
      await page.trouble("bot", { ...trouble, isProbe: false, successes: 0 });
    }
    return page;
  }
  type PageStub = Awaited<ReturnType<typeof knowing>>;

  /** Which conversations it names, by table. */
  const namedBy = (page: PageStub): Promise<Record<string, string[]>> =>
    runInDurableObject(page, (_, { storage }) =>
      Object.fromEntries(
        ["dead_letter", "comparison", "waiting", "erased"].map((table) => [
          table,
          storage.sql
            .exec<{ conversation: string }>(`SELECT conversation FROM ${table} ORDER BY conversation`)
            .toArray()
            .map(({ conversation }) => conversation),
        ]),
      ),
    );

  const whenRunsAreOver = async (page: PageStub): Promise<void> => {
    await runInDurableObject(page, (_, { storage }) => {
      storage.sql.exec("UPDATE erased SET due = 1");
    });
    await runDurableObjectAlarm(page);
  };

  const onFreshPage = (): [ConversationId, ConversationId] => {
    const page = pageId(String(Math.floor(Math.random() * 1e15)));
    return [`${page}_7001` as ConversationId, `${page}_70011` as ConversationId];
  };

  it("forgets it: dead letters, comparisons, that it waits; and in the end that it was deleted", async () => {
    const [id, other] = onFreshPage();
    const page = await knowing(id, other);
    await eraseConversation(id, config, env);
    expect(await namedBy(page)).toEqual({
      dead_letter: [other],
      comparison: [other],
      waiting: [other],
      erased: [id],
    });
    await whenRunsAreOver(page);
    expect(await namedBy(page)).toEqual({
      dead_letter: [other],
      comparison: [other],
      waiting: [other],
      erased: [],
    });
    expect((await page.deadLetters(null, 10)).letters).toMatchObject([{ delivery: `${other} 1` }]);
    expect((await page.comparisons(null, 10)).verdicts).toMatchObject([{ verdict: "same", count: 2 }]);
  });

  it("forgets what runs that were out have told it meanwhile, but not of a conversation begun anew", async () => {
    const [id, other] = onFreshPage();
    const page = await knowing(id, other);
    await eraseConversation(id, config, env);
    await page.note(id, [letter("late", Date.now() - 1000), letter("new", Date.now() + 60_000)]);
    await page.noteComparison(comparison(id, Date.now()));
    await page.waits("bot", id);
    await whenRunsAreOver(page);
    const { dead_letter, ...rest } = await namedBy(page);
    expect(dead_letter).toEqual([id, other]);
    expect(rest).toEqual({ comparison: [other], waiting: [other], erased: [] });
    expect(await page.deadLetter("late")).toBeNull();
  });

  it("keeps all it knows of others when it writes its tables anew", async () => {
    const [id, other] = onFreshPage();
    const page = await knowing(id, other);
    for (let at = 0; at < 300; at++) await page.note(other, [letter(`many ${at}`, Date.now())]);
    const before = await page.deadLetters(null, 1000);
    await eraseConversation(id, config, env);
    await whenRunsAreOver(page);
    const after = await page.deadLetters(null, 1000);
    expect(after.letters).toEqual(before.letters.filter(({ conversation }) => conversation === other));
    await page.note(other, [letter("one more", Date.now())]);
    await page.noteComparison(comparison(other, Date.now()));
    expect((await page.deadLetters(null, 1)).letters).toMatchObject([{ delivery: "one more" }]);
  });
});
