import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FRESH_FACTS } from "../../src/conversation/facts.ts";
import { factsAfterSend } from "../../src/conversation/requests.ts";
import type { BotAnswer, SendWork, Work } from "../../src/conversation/work.ts";
import {
  answerOf,
  deliverWork,
  echoFrom,
  freshConversation,
  ingest,
  messagesOf,
  ownerOf,
  RULES,
  reportAnswer,
  reportOf,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
  textOf,
  threadGoesTo,
  wordsOf,
} from "../support/conversation.ts";

const HOUR = 3_600_000;
const APP = "444555666";
const shown = (channel: "messaging" | "standby", words: string, at = Date.now()) =>
  says(words, {
    at,
    shownIn: channel,
    ...(channel === "standby" ? { key: `standby:message:m_${words}` } : {}),
  });
const person = { writer: "human:ada" as const, metadata: null };
const give = (stub: Stub, owner: string, id: string = crypto.randomUUID()) =>
  stub.setOwner({ id, owner, ...person });

/** The owner's turn began so long ago, and no person has written since. */
async function silentFor(stub: Stub, ms: number): Promise<void> {
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    sql.exec("UPDATE fact SET owner_since = owner_since - ?, human_at = max(0, human_at - ?)", ms, ms);
  });
  await evictDurableObject(stub);
}

const controlOf = (work: SendWork): string =>
  JSON.parse(work.body).thread_control ?? JSON.parse(work.body).message.text;

/** Everything that goes out from this work on, each with success. */
async function allSent(stub: Stub, first: Work[]): Promise<string[]> {
  const out: string[] = [];
  for (let work = first; work.length > 0; ) {
    const send = sendWork(work);
    out.push(controlOf(send));
    const { target_app_id: passedTo } = JSON.parse(send.body);
    const { entry, index, attempt, nonce } = send;
    const report = {
      entry,
      index,
      attempt,
      nonce,
      rules: RULES,
      outcome: sent("m"),
      ...(passedTo ? { passedTo } : {}),
    };
    work = await stub.settleSend(report, { deliver: true, send: true, tell: true });
  }
  return out;
}

describe("a person who writes in Meta's inbox", () => {
  it("stops the bot: what it has just thought of isn't said, and what follows isn't taken to it", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("help")]));
    await ingest(stub, [echoFrom("person", "I am here")]);
    expect(await reportAnswer(stub, delivery, answerOf("I am a bot"))).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([{ status: "failed", code: "not_owner" }]);
    expect(await ingest(stub, [says("thanks")])).toEqual([]);
    expect(await ownerOf(stub)).toBe("human");
  });

  it("doesn't where the page doesn't want it", async () => {
    const stub = freshConversation();
    const rules = { ...RULES, pauseOnInboxReply: false };
    expect(deliverWork(await ingest(stub, [echoFrom("person", "by the way")], true, rules))).toBeDefined();
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("doesn't stop it again by an echo that comes after the conversation was handed back", async () => {
    const stub = freshConversation();
    const wrote = Date.now() - 5000;
    await give(stub, "human");
    await give(stub, "bot");
    await ingest(stub, [echoFrom("person", "earlier", { at: wrote })]);
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("doesn't stop it again by an echo that Meta delivers twice", async () => {
    const stub = freshConversation();
    const echo = echoFrom("person", "once", { at: Date.now() + 60_000 });
    await ingest(stub, [echo]);
    await give(stub, "bot");
    await ingest(stub, [echo]);
    expect(await ownerOf(stub)).toBe("bot");
    expect(deliverWork(await ingest(stub, [says("next")]))).toBeDefined();
  });

  it("is not what another app is: its echo goes to the bot, whose turn it stays", async () => {
    const stub = freshConversation();
    expect(wordsOf(deliverWork(await ingest(stub, [echoFrom("app", "campaign")])))).toEqual(["campaign"]);
    expect(await ownerOf(stub)).toBe("bot");
  });
});

describe("a person's turn", () => {
  it("ends by silence: the next event goes to the bot", async () => {
    const stub = freshConversation();
    await ingest(stub, [echoFrom("person", "bye")]);
    await silentFor(stub, 11 * HOUR);
    expect(await ingest(stub, [says("still there?")])).toEqual([]);
    await silentFor(stub, 2 * HOUR);
    expect(wordsOf(deliverWork(await ingest(stub, [says("hello?")])))).toEqual(["hello?"]);
  });

  it("is over for everyone at the same time: the bot may write unasked, and say what it was asked before", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("help")]));
    await give(stub, "human");
    await silentFor(stub, 13 * HOUR);
    expect(await ownerOf(stub)).toBe("bot");
    expect(textOf(sendWork(await reportAnswer(stub, delivery, answerOf("at last"))))).toBe("at last");
    await give(stub, "human");
    await silentFor(stub, 13 * HOUR);
    const asked = { id: "r", writer: "bot" as const, bodies: answerOf("news").messages };
    expect((await stub.send({ ...asked, humanAgent: false, rules: RULES })).refusal).toBeNull();
  });

  it("goes on with each message a person writes, and for ever where the page wants so", async () => {
    const stub = freshConversation();
    await give(stub, "human");
    await silentFor(stub, 13 * HOUR);
    expect((await stub.info(null)).owner).toBe("human");
    await ingest(stub, [echoFrom("person", "one moment")], true, { ...RULES, handBackMs: null });
    expect(await ownerOf(stub)).toBe("human");
  });

  it("isn't ended by a bot that doesn't know of it", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("help")]));
    await give(stub, "human");
    const answer: BotAnswer = { ...answerOf("mine, as always"), handover: "bot" };
    expect(await reportAnswer(stub, delivery, answer)).toEqual([]);
    expect(await ownerOf(stub)).toBe("human");
  });

  it("is ended by a bot that does", async () => {
    const stub = freshConversation();
    await give(stub, "human");
    const rules = { ...RULES, forwardStandby: true };
    const delivery = deliverWork(await ingest(stub, [says("is there a bot?")], true, rules));
    expect(delivery.conversation.owner).toBe("human");
    const answer: BotAnswer = { ...answerOf("here"), handover: "bot" };
    expect(await allSent(stub, await reportAnswer(stub, delivery, answer))).toEqual(["here"]);
    expect(await ownerOf(stub)).toBe("bot");
  });
});

describe("another app", () => {
  it("has the thread by Meta's word, until Meta says otherwise", async () => {
    const stub = freshConversation();
    const told = deliverWork(await ingest(stub, [threadGoesTo(APP, "passed")]));
    expect(wordsOf(told)).toEqual(["passed"]);
    await reportAnswer(stub, told, answerOf());
    expect(await ingest(stub, [shown("standby", "to the other")])).toEqual([]);
    expect(await ownerOf(stub)).toBe(APP);
    expect(deliverWork(await ingest(stub, [threadGoesTo("bot", "back")]))).toBeDefined();
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("has it from when Meta says, whatever the order in which that comes", async () => {
    const now = Date.now();
    const events = [
      threadGoesTo(APP, "first", now - 3000),
      threadGoesTo("bot", "second", now - 2000),
      shown("messaging", "third", now - 1000),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [1, 2, 0],
    ]) {
      const stub = freshConversation();
      for (const at of order) await ingest(stub, events.slice(at, at + 1));
      expect(await ownerOf(stub), `in the order ${order}`).toBe("bot");
    }
    const late = freshConversation();
    await ingest(late, [threadGoesTo(APP, "passed", now)]);
    await ingest(late, [shown("messaging", "written before", now - 1)]);
    expect(await ownerOf(late)).toBe(APP);
  });

  it("is found out by where Meta delivers what the user does", async () => {
    const stub = freshConversation();
    await ingest(stub, [shown("standby", "not for us")]);
    expect(await ownerOf(stub)).toBe("elsewhere");
    await ingest(stub, [shown("messaging", "for us again")]);
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("is found out when Meta refuses a message for its sake", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [shown("messaging", "hi")]));
    const send = sendWork(await reportAnswer(stub, delivery, answerOf("hello")));
    const outcome = { kind: "failed" as const, code: "not_thread_owner", reason: "(#200)" };
    await reportSend(stub, send, outcome);
    expect(await ownerOf(stub)).toBe("elsewhere");
    expect(deliverWork(await ingest(stub, [shown("messaging", "are you there?")]))).toBeDefined();
  });

  it("is overheard if the page wants it, and never answered", async () => {
    const stub = freshConversation();
    const rules = { ...RULES, forwardStandby: true };
    const delivery = deliverWork(await ingest(stub, [shown("standby", "not for us")], true, rules));
    expect(delivery.events).toMatchObject([{ isStandby: true }]);
    expect(await reportAnswer(stub, delivery, answerOf("me too"))).toEqual([]);
    expect(await messagesOf(stub)).toMatchObject([{ status: "failed", code: "not_owner" }]);
  });

  it("takes nothing from a person by our own switch", async () => {
    const stub = freshConversation();
    await give(stub, "human");
    await ingest(stub, [shown("standby", "aside")]);
    await ingest(stub, [threadGoesTo(null, "nobody's")]);
    expect(await ownerOf(stub)).toBe("human");
  });
});

describe("a handover by the bot", () => {
  const handOver = async (handover: string) => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [shown("messaging", "hi")]));
    const work = await reportAnswer(stub, delivery, { ...answerOf("a moment"), handover });
    return { stub, work };
  };

  it("to an app is told to Meta after what the bot still says", async () => {
    const { stub, work } = await handOver(APP);
    expect(await ownerOf(stub)).toBe(APP);
    expect(await allSent(stub, work)).toEqual(["a moment", "pass_thread_control"]);
    // It is Meta's word now: what comes to us again is ours again.
    await ingest(stub, [shown("messaging", "you again", Date.now() + 1)]);
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("to a person is our own switch alone", async () => {
    const { stub, work } = await handOver("human");
    expect(await allSent(stub, work)).toEqual(["a moment"]);
    expect(await ownerOf(stub)).toBe("human");
  });

  it("from an app is told to Meta before anything is said", async () => {
    const stub = freshConversation();
    await ingest(stub, [threadGoesTo(APP, "passed")], false);
    const delivery = deliverWork((await stub.take("deliver")).work);
    expect(delivery.conversation.owner).toBe(APP);
    const work = await reportAnswer(stub, delivery, { ...answerOf("mine"), handover: "bot" });
    expect(await allSent(stub, work)).toEqual(["take_thread_control", "mine"]);
  });
});

describe("a handover by call", () => {
  it("is told to Meta once, however often it is repeated", async () => {
    const stub = freshConversation();
    const work = await give(stub, APP, "req_1");
    expect(await give(stub, APP, "req_1")).toEqual([]);
    expect(await allSent(stub, work)).toEqual(["pass_thread_control"]);
    // To pass what isn't ours any more would be refused, and taken for a handover that failed.
    expect(await give(stub, APP, "req_2")).toEqual([]);
    expect(await ownerOf(stub)).toBe(APP);
  });

  it("from one app to another takes the thread first", async () => {
    const stub = freshConversation();
    await ingest(stub, [threadGoesTo(APP, "passed")]);
    expect(await allSent(stub, await give(stub, "777"))).toEqual([
      "take_thread_control",
      "pass_thread_control",
    ]);
    expect(await ownerOf(stub)).toBe("777");
  });

  it("back to the bot overtakes none that is on its way to Meta", async () => {
    const stub = freshConversation();
    const pass = await give(stub, APP);
    expect(await give(stub, "bot")).toEqual([]);
    expect(await allSent(stub, pass)).toEqual(["pass_thread_control", "take_thread_control"]);
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("is undone when nobody takes the thread, in whatever way that fails", () => {
    const passing = { ...FRESH_FACTS, owner: APP };
    const failed = { kind: "failed" as const, code: "any", reason: "" };
    const ownerAfter = (code: string) =>
      factsAfterSend(
        passing,
        { outcome: failed, passedTo: APP },
        { status: "failed", code, reason: "", at: 1 },
        2,
      ).owner;
    expect(["invalid", "temporary", "needs_reauth"].map(ownerAfter)).toEqual(["bot", "bot", "bot"]);
    expect(ownerAfter("not_thread_owner")).toBe("elsewhere");
    expect(ownerAfter("handover_disabled")).toBe(APP);
  });

  it("isn't touched by the late report of one before it", async () => {
    const stub = freshConversation();
    const pass = sendWork(await give(stub, APP));
    await give(stub, "human");
    const { entry, index, attempt, nonce } = pass;
    const outcome = { kind: "failed" as const, code: "invalid", reason: "" };
    const report = { entry, index, attempt, nonce, rules: RULES, outcome, passedTo: APP };
    await stub.settleSend(report, { deliver: false, send: false, tell: false });
    expect(await ownerOf(stub)).toBe("human");
  });
});

it("what is decided survives that the object is put away", async () => {
  const stub = freshConversation();
  await give(stub, "human");
  await evictDurableObject(stub);
  expect(await ingest(stub, [says("hi")])).toEqual([]);
  await give(stub, "bot");
  await evictDurableObject(stub);
  expect(reportOf(deliverWork(await ingest(stub, [says("hi again")]))).owner).toBe("bot");
});
