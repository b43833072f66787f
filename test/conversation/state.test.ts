import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { mergePatch } from "../../src/conversation/state.ts";
import type { BotAnswer, PageRules } from "../../src/conversation/work.ts";
import {
  alarmOf,
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  RULES,
  reportOf,
  type Stub,
  says,
} from "../support/conversation.ts";

const ALL = { deliver: true, send: true, tell: true };
const HOUR = 3_600_000;
afterEach(() => vi.restoreAllMocks());

async function answers(stub: Stub, answer: Partial<BotAnswer>, rules: PageRules = RULES): Promise<void> {
  const delivery = deliverWork(await ingest(stub, [says(crypto.randomUUID())], true, rules));
  const outcome = { kind: "answered" as const, status: 200, answer: { ...answerOf(), ...answer } };
  await stub.settleDelivery({ ...reportOf(delivery), rules, outcome }, ALL);
}

const stateTold = async (stub: Stub) =>
  deliverWork(await ingest(stub, [says(crypto.randomUUID())])).conversation;

describe("the state a bot leaves", () => {
  it("is forgotten when its time is over, which is another version", async () => {
    const stub = freshConversation();
    await answers(stub, { state: '{"step":1}', stateTtlMs: HOUR });
    const left = Date.now();
    expect(await stub.state()).toMatchObject({ state: '{"step":1}', version: 1 });
    vi.spyOn(Date, "now").mockReturnValue(left + HOUR + 1000);
    expect(await stub.state()).toEqual({ state: null, version: 2, until: null });
    expect(await stateTold(stub)).toMatchObject({ state: null, stateVersion: 2 });
    const change = { merge: '{"step":2}', ttlMs: null };
    // Who knows the old one would merge into what isn't there any more.
    expect(await stub.putState({ ...change, version: 1 })).toMatchObject({ refused: "stale_version" });
    expect(await stub.putState({ ...change, version: 2 })).toMatchObject({ refused: null, version: 3 });
  });

  it("that runs out while the bot thinks gives way to what the bot makes of it", async () => {
    const stub = freshConversation();
    await answers(stub, { state: '{"step":1}', stateTtlMs: HOUR });
    const delivery = deliverWork(await ingest(stub, [says("next")]));
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + HOUR + 1000);
    const answer = { ...answerOf(), state: '{"step":2}', stateVersion: delivery.conversation.stateVersion };
    await stub.settleDelivery(
      { ...reportOf(delivery), outcome: { kind: "answered", status: 200, answer } },
      ALL,
    );
    expect(await stub.state()).toMatchObject({ state: '{"step":2}', version: 3 });
  });

  it("is kept as long as the page has it, unless the bot says otherwise", async () => {
    const stub = freshConversation();
    await answers(stub, { state: "1" }, { ...RULES, stateTtlMs: HOUR });
    expect((await stub.state()).until).toBeGreaterThan(Date.now() + HOUR - 10_000);
    await answers(stub, { state: "2", stateTtlMs: 2 * HOUR }, { ...RULES, stateTtlMs: HOUR });
    expect((await stub.state()).until).toBeGreaterThan(Date.now() + 2 * HOUR - 10_000);
    await answers(stub, { state: "3" });
    expect((await stub.state()).until).toBeNull();
  });

  it("is changed by call where it is what the caller thinks, and by no one else's leave", async () => {
    const stub = freshConversation();
    const put = (state: string, version?: number) => stub.putState({ state, version, ttlMs: null });
    expect(await put('{"a":1}')).toMatchObject({ refused: null, version: 1 });
    expect(await put('{"a":2}', 0)).toMatchObject({ refused: "stale_version", version: 1, state: '{"a":1}' });
    expect(await put('{"a":2}', 1)).toMatchObject({ refused: null, version: 2 });
    expect(await put(JSON.stringify("x".repeat(65_536)), 2)).toMatchObject({
      refused: "too_large",
      version: 2,
    });
    const merged = await stub.putState({ merge: '{"b":{"c":3},"a":null}', version: 2, ttlMs: null });
    expect(merged).toMatchObject({ refused: null, version: 3, state: '{"b":{"c":3}}' });
  });
});

/** The examples of RFC 7396, appendix A. */
const EXAMPLES: [string, string, string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', "{}"],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', "null", "null"],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
  ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

describe("a merge patch", () => {
  it.each(EXAMPLES)("of %s by %s is %s", (target, patch, result) => {
    expect(mergePatch(JSON.parse(target), JSON.parse(patch))).toEqual(JSON.parse(result));
  });

  it("is the same applied twice, and never touches prototypes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
    mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(Object.prototype).not.toHaveProperty("polluted");
  });
});

it("the state of a conversation in which nothing has happened goes when the retention is over", async () => {
  const stub = freshConversation();
  await stub.putState({ state: "1", version: undefined, ttlMs: null });
  const { until } = await stub.state();
  expect(until).toBeGreaterThan(Date.now() + 89 * 24 * HOUR);
  expect(await alarmOf(stub)).toBe(until);
  vi.spyOn(Date, "now").mockReturnValue((until ?? 0) + 1);
  await runDurableObjectAlarm(stub);
  const facts = await runInDurableObject(
    stub,
    (_, { storage }) => storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fact'").toArray().length,
  );
  expect(facts).toBe(0);
});
