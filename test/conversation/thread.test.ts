import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ThreadMessage } from "../../src/conversation/thread.ts";
import {
  answerOf,
  deliverWork,
  echoFrom,
  freshConversation,
  ingest,
  metadataOf,
  RULES,
  reportAnswer,
  reportSend,
  type Stub,
  says,
  sendWork,
} from "../support/conversation.ts";

/** Words as people read them. */
const wordsIn = (messages: ThreadMessage[]): string[] =>
  messages.map(({ content }) => JSON.parse(content).message.text);

/** The whole thread, in pages from the newest on. */
async function pages(stub: Stub, limit: number): Promise<ThreadMessage[][]> {
  const all: ThreadMessage[][] = [];
  for (let before: number | null = null; ; ) {
    const page = await stub.thread(before, limit);
    all.unshift(page.messages);
    if (page.before === null) return all;
    before = page.before;
  }
}

/** The bot answers the user's words, and Meta echoes every message of it. */
async function exchange(stub: Stub, words: string, replies: string[]): Promise<void> {
  const delivery = deliverWork(await ingest(stub, [says(words)]));
  let work = await reportAnswer(stub, delivery, answerOf(...replies));
  for (const reply of replies) {
    const send = sendWork(work);
    const metadata = metadataOf(send);
    const mid = `m_out_${reply}`;
    work = await reportSend(stub, send, { kind: "sent", mid });
    const raw = JSON.stringify({ message: { mid, text: reply, is_echo: true, metadata } });
    const echo = { key: `echo:${mid}`, id: mid, type: "echo", echo: { mid, metadata }, raw };
    await ingest(stub, [says(mid, { ...echo, forward: false, opensWindow: false })]);
  }
}

describe("a thread", () => {
  it("has what everyone wrote, by whom, in the order in which it came", async () => {
    const stub = freshConversation();
    await exchange(stub, "hi", ["hello", "what can I do?"]);
    await ingest(stub, [echoFrom("app", "by the way", { forward: false })]);
    await ingest(stub, [echoFrom("person", "I take over")]);
    const bodies = answerOf("from the desk").messages;
    await stub.send({ id: "r", writer: "human:ada", bodies, humanAgent: false, rules: RULES });
    const { messages, before } = await stub.thread(null, 50);
    expect(wordsIn(messages).map((text, at) => [messages[at]?.from, messages[at]?.author, text])).toEqual([
      ["user", null, "hi"],
      ["bot", null, "hello"],
      ["bot", null, "what can I do?"],
      ["app", "555", "by the way"],
      ["inbox", null, "I take over"],
      ["human", "ada", "from the desk"],
    ]);
    expect(before).toBeNull();
  });

  it("has no rows that say nothing: receipts, typing dots, calls that move the thread", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("read", { type: "read", forward: false })]);
    const bodies = [{ sender_action: "typing_on" }];
    await stub.send({ id: "a", writer: "bot", bodies, humanAgent: false, rules: RULES });
    await stub.setOwner({ id: "b", writer: "human:ada", owner: "444", metadata: null });
    expect(await stub.thread(null, 10)).toMatchObject({ messages: [], before: null });
  });

  it("is read in pages that together have everything once, however many echoes lie between", async () => {
    const stub = freshConversation();
    const expected: string[] = [];
    for (let round = 0; round < 6; round++) {
      const replies = Array.from({ length: round % 4 }, (_, at) => `re ${round}.${at}`);
      await exchange(stub, `${round}`, replies);
      expected.push(`${round}`, ...replies);
    }
    for (const limit of [1, 2, 3, 5, 50]) {
      const all = await pages(stub, limit);
      expect(wordsIn(all.flat()), `in pages of ${limit}`).toEqual(expected);
      // Whole answers at a time; only the oldest page may be short.
      for (const page of all.slice(1)) expect(page.length).toBeGreaterThanOrEqual(limit);
      expect(all.at(0)?.length).toBeGreaterThan(0);
    }
  });

  it("is complete over random histories", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("user" as const) }),
      fc.record({ do: fc.constant("echoOfOurs" as const) }),
      fc.record({ do: fc.constant("request" as const), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constant("typing" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 7 }),
        async (steps, limit) => {
          const stub = freshConversation();
          const expected: string[] = [];
          for (const [at, one] of steps.entries()) {
            if (one.do === "user") await ingest(stub, [says(`${at}`, { forward: false })]);
            if (one.do === "user") expected.push(`${at}`);
            if (one.do === "echoOfOurs") {
              const raw = JSON.stringify({ message: { mid: `${at}`, metadata: "mg1.999.0.00000000" } });
              await ingest(stub, [says(`${at}`, { type: "echo", raw, forward: false })]);
            }
            if (one.do === "typing" || one.do === "request") {
              const texts =
                one.do === "typing" ? [] : Array.from({ length: one.count }, (_, n) => `${at}.${n}`);
              expected.push(...texts);
              const bodies =
                one.do === "typing" ? [{ sender_action: "typing_on" }] : answerOf(...texts).messages;
              await stub.send({ id: `${at}`, writer: "bot", bodies, humanAgent: false, rules: RULES });
            }
          }
          expect(wordsIn((await pages(stub, limit)).flat())).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });
});
