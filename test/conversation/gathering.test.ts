import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { IncomingEvent } from "../../src/conversation/incoming.ts";
import type { Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  RULES,
  reportAnswer,
  type Stub,
  says,
  wordsOf,
} from "../support/conversation.ts";

const GATHER_MS = 2000;
const gathering = { ...RULES, gatherMs: GATHER_MS };
afterEach(() => vi.restoreAllMocks());

const START = Date.now();
const at = (ms: number) => vi.spyOn(Date, "now").mockReturnValue(START + ms);

const writes = (stub: Stub, words: string, more: Partial<IncomingEvent> = {}): Promise<Work[]> =>
  stub.ingest([says(words, { pace: "gather", ...more })], true, gathering).then(({ work }) => work);

/** What the alarm hands out at a time. */
async function handedOut(stub: Stub): Promise<string[]> {
  const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
  await runDurableObjectAlarm(stub);
  const work = run.mock.calls.flatMap(([id, all]) => (id === stub.name ? all : []));
  run.mockRestore();
  return work.flatMap((one) => (one.kind === "deliver" ? wordsOf(one) : []));
}

describe("a page that gathers", () => {
  it("takes to the bot together what a user writes in a row, when it has been quiet", async () => {
    const stub = freshConversation();
    at(0);
    expect(await writes(stub, "hi")).toEqual([]);
    at(1500);
    expect(await writes(stub, "I have")).toEqual([]);
    at(2500);
    expect(await handedOut(stub)).toEqual([]);
    expect(await writes(stub, "a question")).toEqual([]);
    at(2500 + GATHER_MS);
    expect(await handedOut(stub)).toEqual(["hi", "I have", "a question"]);
  });

  it("doesn't wait without end for one who goes on writing", async () => {
    const stub = freshConversation();
    const out: Work[] = [];
    let waited = 0;
    for (; out.length === 0 && waited < 100_000; waited += 1000) {
      at(waited);
      out.push(...(await writes(stub, `line ${waited}`)));
    }
    expect(waited - 1000).toBe(5 * GATHER_MS);
    expect(deliverWork(out).events).toHaveLength(11);
  });

  it("doesn't wait when something is tapped, nor leave behind what was written before", async () => {
    const stub = freshConversation();
    await writes(stub, "well");
    const tapped = await writes(stub, "Yes", { pace: "now" });
    expect(wordsOf(deliverWork(tapped))).toEqual(["well", "Yes"]);
  });

  it("takes along what comes meanwhile and isn't the user's, and doesn't wait for more of that", async () => {
    const stub = freshConversation();
    const { pace: _, ...receipt } = says("seen", { type: "read", opensWindow: false });
    expect((await stub.ingest([receipt], true, gathering)).work).toHaveLength(1);
    const other = freshConversation();
    at(0);
    await writes(other, "hi");
    at(1900);
    expect((await other.ingest([receipt], true, gathering)).work).toEqual([]);
    at(GATHER_MS);
    expect(await handedOut(other)).toEqual(["hi", "seen"]);
  });

  it("goes on waiting for who writes when its object was away, whatever else comes", async () => {
    const stub = freshConversation();
    at(0);
    await writes(stub, "hi");
    await evictDurableObject(stub);
    const { pace: _, ...receipt } = says("seen", { type: "read", opensWindow: false });
    at(500);
    expect((await stub.ingest([receipt], true, gathering)).work).toEqual([]);
    at(GATHER_MS);
    expect(await handedOut(stub)).toEqual(["hi", "seen"]);
  });

  it("gathers what is written while the bot thinks", async () => {
    const stub = freshConversation();
    const asked = deliverWork(await writes(stub, "Menu", { pace: "now" }));
    at(0);
    await writes(stub, "or");
    at(1000);
    expect(await reportAnswer(stub, asked, answerOf())).toEqual([]);
    await writes(stub, "no");
    at(1000 + GATHER_MS);
    expect(await handedOut(stub)).toEqual(["or", "no"]);
  });

  it("sends off at once what fills a delivery; the rest is gathered for the next", async () => {
    const stub = freshConversation();
    await writes(stub, "first");
    const more = Array.from({ length: 30 }, (_, n) => says(`line ${n}`, { pace: "gather" }));
    const { work } = await stub.ingest(more, true, gathering);
    expect(wordsOf(deliverWork(work))).toHaveLength(25);
  });

  it("loses nothing when the object is away meanwhile", async () => {
    const stub = freshConversation();
    at(0);
    await writes(stub, "hi");
    await evictDurableObject(stub);
    at(500);
    await writes(stub, "there");
    at(500 + GATHER_MS);
    await evictDurableObject(stub);
    expect(await handedOut(stub)).toEqual(["hi", "there"]);
  });
});

it("a page that doesn't gather asks the bot at once", async () => {
  const stub = freshConversation();
  const { work } = await stub.ingest([says("hi", { pace: "gather" })], true, RULES);
  expect(wordsOf(deliverWork(work))).toEqual(["hi"]);
});
