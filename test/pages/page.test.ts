import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";
import type { ShutReason } from "../../src/pages/gate.ts";
import {
  deliverWork,
  freshConversation,
  ingest,
  NONE,
  reportFailure,
  reportOf,
  type Stub,
  says,
} from "../support/conversation.ts";

type PageStub = ReturnType<typeof env.PAGE.getByName>;
const freshPage = (): PageStub => env.PAGE.getByName(crypto.randomUUID());
const someone = () => conversationId(pageId("1"), userId(crypto.randomUUID()));
const trouble = (conversation: string, reason: ShutReason, afterMs?: number) => ({
  conversation,
  reason,
  afterMs,
  isProbe: false,
  successes: 0,
});

afterEach(() => vi.restoreAllMocks());

/** A conversation whose delivery has failed and waits. */
async function waiting(): Promise<Stub> {
  const stub = freshConversation();
  await reportFailure(stub, deliverWork(await ingest(stub, [says(crypto.randomUUID())])));
  return stub;
}

const nameOf = (stub: Stub): string => {
  if (stub.name === undefined) throw new Error("no name");
  return stub.name;
};

/** Lets the page's alarm fire as if its time had come, and takes what it hands to the dispatcher. */
async function fireAlarm(page: PageStub): Promise<{ conversation: string; work: Work[]; way: string }[]> {
  const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
  await runInDurableObject(page, (_, { storage }) => {
    storage.sql.exec("UPDATE gate SET until = 1 WHERE until < 9007199254740991");
  });
  await runDurableObjectAlarm(page);
  const calls = run.mock.calls.map(([conversation, work, way]) => ({
    conversation: String(conversation),
    work,
    way,
  }));
  run.mockRestore();
  return calls;
}

describe("a page's way to its bot", () => {
  it("is shut when the bot fails across conversations, not for one's own trouble", async () => {
    const page = freshPage();
    const [a, b, c] = [someone(), someone(), someone()];
    for (const one of [a, b, a, b]) expect(await page.trouble("bot", trouble(one, "bot_failing"))).toBeNull();
    expect(await page.trouble("bot", trouble(c, "bot_failing"))).toMatchObject({ reason: "bot_failing" });
  });

  it("is tried by few of those who wait, and opens for all when one gets through", async () => {
    const page = freshPage();
    const stubs = await Promise.all(Array.from({ length: 8 }, waiting));
    for (const stub of stubs) await page.trouble("bot", trouble(nameOf(stub), "bot_failing"));
    await evictDurableObject(page);
    for (const stub of stubs) await page.waits("bot", nameOf(stub));

    const probes = await fireAlarm(page);
    expect(probes).toHaveLength(3);
    expect(probes.every(({ way }) => way === "probe")).toBe(true);

    await page.free("bot");
    const woken = await fireAlarm(page);
    expect(woken.every(({ way }) => way === "woken")).toBe(true);
    const all = new Set([...probes, ...woken].map(({ conversation }) => conversation));
    expect([...all].sort()).toEqual(stubs.map(nameOf).sort());
    for (const { work } of woken) expect(deliverWork(work).attempt).toBe(2);
  });

  it("wakes a crowd in portions, everyone once", async () => {
    const page = freshPage();
    const stubs = await Promise.all(Array.from({ length: 120 }, waiting));
    await page.trouble("bot", trouble(someone(), "bot_gone"));
    for (const stub of stubs) await page.waits("bot", nameOf(stub));
    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    await page.free("bot");
    await vi.waitFor(() => expect(run.mock.calls.length).toBeGreaterThanOrEqual(120), { timeout: 15_000 });
    expect(new Set(run.mock.calls.map(([id]) => id)).size).toBe(120);
    expect(run).toHaveBeenCalledTimes(120);
  }, 20_000);

  it("stays shut after 410, whatever time passes, until someone frees it", async () => {
    const page = freshPage();
    const stub = await waiting();
    expect(await page.trouble("bot", trouble(nameOf(stub), "bot_gone"))).toMatchObject({
      reason: "bot_gone",
    });
    expect(await fireAlarm(page)).toEqual([]);
    expect(await page.waits("bot", someone())).toMatchObject({ reason: "bot_gone" });
    await page.free("bot");
    expect((await fireAlarm(page)).map(({ conversation }) => conversation)).toContain(nameOf(stub));
  });
});

describe("a page's way to Graph", () => {
  it("is shut by one rate limit, for as long as Meta asks; a longer wait counts", async () => {
    const page = freshPage();
    const shut = await page.trouble("graph", trouble(someone(), "rate_limited", 30_000));
    expect((shut?.until ?? 0) - Date.now()).toBeGreaterThan(29_000);
    const longer = await page.trouble("graph", trouble(someone(), "rate_limited", 90_000));
    expect((longer?.until ?? 0) - Date.now()).toBeGreaterThan(89_000);
    const shorter = await page.trouble("graph", trouble(someone(), "rate_limited", 1_000));
    expect(shorter?.until).toBe(longer?.until);
  });

  it("does not shut its way to the bot", async () => {
    const page = freshPage();
    await page.trouble("graph", trouble(someone(), "needs_reauth"));
    expect(await page.waits("graph", someone())).not.toBeNull();
    expect(await page.waits("bot", someone())).toBeNull();
  });

  it("is known to be shut after the object was away", async () => {
    const page = freshPage();
    await page.trouble("graph", trouble(someone(), "needs_reauth"));
    await evictDurableObject(page);
    expect(await page.waits("graph", someone())).toMatchObject({ reason: "needs_reauth" });
  });
});

describe("a gate nobody waits at", () => {
  it("opens by itself instead of being tried for ever", async () => {
    const page = freshPage();
    await page.trouble("graph", trouble(someone(), "needs_reauth"));
    // The one who waits has nothing left to send.
    expect(await fireAlarm(page)).toEqual([]);
    expect(await fireAlarm(page)).toEqual([]);
    expect(await page.waits("graph", someone())).toBeNull();
  });
});

describe("a gate that is tried in vain", () => {
  it("is tried ever more rarely, by the first who have something to try it with", async () => {
    const page = freshPage();
    const stub = freshConversation();
    const first = deliverWork(await ingest(stub, [says("a")]));
    await reportFailure(stub, first);
    const untils: number[] = [];
    const until = async () => (await page.waits("bot", nameOf(stub)))?.until ?? 0;
    for (const one of [someone(), someone(), someone(), someone(), nameOf(stub)]) {
      await page.trouble("bot", trouble(one, "bot_failing"));
    }
    for (let probes = 0; probes < 5; probes++) {
      untils.push(Math.round(((await until()) - Date.now()) / 1000));
      expect(await fireAlarm(page)).toHaveLength(1);
      const attempt = probes + 2;
      const outcome = { kind: "postponed" as const, status: 503, reason: "http_503" };
      await stub.settleDelivery({ ...reportOf(first), attempt, outcome }, NONE);
      await page.trouble("bot", { ...trouble(nameOf(stub), "bot_failing"), isProbe: true });
    }
    expect(untils).toEqual([5, 10, 20, 40, 60]);
  });

  it("for another reason is shut for that, and never for less than was asked", async () => {
    const page = freshPage();
    const limited = await page.trouble("graph", trouble(someone(), "rate_limited", 90_000));
    const shut = await page.trouble("graph", trouble(someone(), "needs_reauth"));
    expect(shut).toMatchObject({ reason: "needs_reauth", until: limited?.until });
    const absurd = await page.trouble("graph", trouble(someone(), "rate_limited", 1e12));
    expect((absurd?.until ?? 0) - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
  });

  it("because the bot is gone is not shut for less by a failure that was under way", async () => {
    const page = freshPage();
    await page.trouble("bot", trouble(someone(), "bot_gone"));
    for (let times = 0; times < 9; times++) {
      expect(await page.trouble("bot", trouble(someone(), "bot_failing"))).toMatchObject({
        reason: "bot_gone",
      });
    }
  });
});

describe("a conversation that is busy when its gate opens", () => {
  it("is asked again: its run may be about to report that it was put off", async () => {
    const page = freshPage();
    const stub = freshConversation();
    const out = deliverWork(await ingest(stub, [says("a")]));
    await page.trouble("bot", trouble(nameOf(stub), "bot_gone"));
    await page.free("bot");
    expect(await fireAlarm(page)).toEqual([]);
    const outcome = { kind: "postponed" as const, status: null, reason: "bot_gone" };
    await stub.settleDelivery({ ...reportOf(out), outcome }, NONE);
    const [woken] = await fireAlarm(page);
    expect(deliverWork(woken?.work ?? [])).toMatchObject({ delivery: out.delivery, attempt: 2 });
  });
});
