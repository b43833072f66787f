import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./support/person.ts";
import type { Fault, Json } from "./support/simulator.ts";
import { startWorld, TROUBLED_PAGES, type World } from "./support/world.ts";

/**
 * Every way Meta refuses a message, and what becomes of it. What concerns a whole page happens on a page of its own.
 * Each fault is for one person; all are ordered before, so that the tests can run beside each other.
 */

let world: World;
const plans: { ada: Person; faults: Fault[] }[] = [];
const starts: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  world = await startWorld();
  for (const start of starts) await start();
  await world.meta.fails(
    ...plans.flatMap(({ ada, faults }) => faults.map((one) => ({ ...one, user_id: ada.id }))),
  );
});
afterAll(() => world.end());

/** Somebody whose messages fare so at Meta. To be called while tests are collected. */
function somebody(faults: Fault[], page?: string): { ada: Person } {
  const one = {} as { ada: Person };
  starts.push(async () => {
    one.ada = world.person(page);
    await one.ada.tells({ text: "Hello" });
    plans.push({ ada: one.ada, faults });
  });
  return one;
}

const error = (code: number, error_subcode?: number, more: Json = {}): Fault => ({
  error: { code, ...(error_subcode === undefined ? {} : { error_subcode }), ...more },
});
const named = ({ error, status }: Fault): string => {
  const { code, error_subcode, message } = (error ?? {}) as Record<string, unknown>;
  const numbers = [code, error_subcode].filter((one) => one !== undefined).join("/");
  return [numbers, message, status && `HTTP ${status}`].filter(Boolean).join(", ");
};
const write = ({ ada }: { ada: Person }, text = "Hi") => ada.sent({ message: { text } });

describe.concurrent("temporary: tried again, and the person gets it once", () => {
  const faults: Fault[] = [
    error(1),
    error(2),
    error(1200),
    error(100, 999, { is_transient: true }),
    { status: 503, error: { code: 999 } },
    error(200, 2018321),
    error(100, 2018008),
    error(100, 2018294),
    error(999),
  ];
  for (const fault of faults) {
    const one = somebody([fault]);
    it(named(fault), async () => {
      await write(one);
      await one.ada.message(0, ({ state }) => state === "sent");
      expect(await one.ada.seen()).toMatchObject([{ text: "Hi" }]);
    });
  }

  const often = somebody([{ ...error(2), times: 3 }]);
  it("what follows waits for it", async () => {
    await write(often, "one");
    await write(often, "two");
    expect((await often.ada.sees(2)).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  // More than once, so that there is time to see it between two tries.
  const waits = somebody([{ ...error(999, undefined, { message: "(#999) Never heard of" }), times: 5 }]);
  it("an error nobody knows keeps Meta's words", async () => {
    await write(waits);
    const { metadata } = await waits.ada.message(0, (one) => one.metadata.error !== undefined);
    expect(metadata).toMatchObject({
      error: { code: "unknown_error", message: expect.stringContaining("(#999) Never heard of") },
    });
  });
});

describe.concurrent("an answer that is lost: the echo proves that the message went out", () => {
  for (const [what, fault] of [
    ["cut off", { outcome: "accept_then_fail" }],
    ["1/1357046", { outcome: "accept_then_fail", ...error(1, 1357046) }],
  ] as const) {
    const one = somebody([{ ...fault }]);
    it(what, async () => {
      await write(one);
      const { source_id } = await one.ada.message(0, ({ state }) => state === "sent");
      expect(await one.ada.seen()).toMatchObject([{ mid: source_id, text: "Hi" }]);
    });
  }
});

describe.concurrent("final: it fails at once under its code, and what follows goes", () => {
  const rows: [code: string, ...faults: Fault[]][] = [
    ["window_closed", error(10, 2018278), error(10, 2018065), error(10, 2534022)],
    ["permission", error(10), error(200), error(230), error(3), error(1, 99)],
    ["no_such_user", error(100, 2018001), error(100, 33), error(100, 2534014)],
    ["attachment", error(100, 2018109), error(100, 2018047), error(100, 2018074)],
    ["invalid", error(100), error(105), error(194)],
    ["user_unavailable", error(551, 1545041), error(200, 1545041), error(10, 2018108)],
    [
      "app_in_development",
      error(200, 2018027),
      error(200, 2018028),
      error(200, undefined, { message: "Only developers, admins or testers" }),
    ],
    ["not_thread_owner", error(200, 2018300), error(10, 2018300), error(200, 2534022), error(100, 2534037)],
    ["too_frequent", error(4, 2018354), error(9, 2018352), error(613, 1893016)],
    ["opted_out", error(10, 1893015)],
  ];
  for (const [code, ...faults] of rows) {
    for (const fault of faults) {
      const one = somebody([fault]);
      it(`${named(fault)} is ${code}`, async () => {
        await write(one, "one");
        if (code === "not_thread_owner") {
          // What follows is refused from now on: the thread is known to be another app's.
          expect(await one.ada.settled(0)).toMatchObject({ state: "failed", metadata: { error: { code } } });
          expect(await one.ada.info()).toMatchObject({ owner: "elsewhere" });
          return;
        }
        await write(one, "two");
        expect(await one.ada.settled(0)).toMatchObject({ state: "failed", metadata: { error: { code } } });
        expect(await one.ada.sees(1)).toMatchObject([{ text: "two" }]);
      });
    }
  }

  const unfetched = somebody([{ ...error(100, 2018008), times: 2 }]);
  it("100/2018008 twice is attachment: a file is fetched again once", async () => {
    await write(unfetched);
    expect(await unfetched.ada.settled()).toMatchObject({
      state: "failed",
      metadata: { error: { code: "attachment" } },
    });
  });
});

describe.concurrent("the page's trouble: its messages are held, not lost", () => {
  const pages = [...TROUBLED_PAGES];
  const limits: Fault[] = [
    error(4),
    error(17),
    error(32),
    error(613),
    error(80006),
    error(341),
    error(80001),
    { status: 429, error: { code: 999 } },
  ];
  for (const fault of limits) {
    const one = somebody([{ ...fault, retry_after: 1 }], pages.pop());
    it(`${named(fault)} is a rate limit, over when Meta says`, async () => {
      await write(one, "one");
      await write(one, "two");
      const { state } = await one.ada.message(0, ({ metadata }) => metadata.error?.code === "rate_limited");
      expect(state).toBe("pending");
      expect((await one.ada.sees(2)).map(({ text }) => text)).toEqual(["one", "two"]);
    });
  }

  const estimated = somebody([{ ...error(80006), regain_access_minutes: 3 }], pages.pop());
  it("a rate limit says how long in estimated_time_to_regain_access", async () => {
    await write(estimated);
    await estimated.ada.message(0, ({ metadata }) => metadata.error?.code === "rate_limited");
    expect(await estimated.ada.seen()).toEqual([]);
  });

  const holds: [code: string, ...faults: Fault[]][] = [
    ["needs_reauth", error(190, 458), error(190, 460), error(190, 467), error(190, 492), error(102)],
    ["page_blocked", error(10, 1893063), error(100, 2534029)],
    ["app_secret_mismatch", error(100, undefined, { message: "Invalid appsecret_proof provided" })],
  ];
  for (const [code, ...faults] of holds) {
    for (const fault of faults) {
      const one = somebody([fault], pages.pop());
      it(`${named(fault)} is ${code}`, async () => {
        await write(one);
        const { state } = await one.ada.message(0, ({ metadata }) => metadata.error?.code === code);
        expect(state).toBe("pending");
        expect(await one.ada.seen()).toEqual([]);
      });
    }
  }

  for (const [code, fault] of [
    ["needs_reauth", error(190, 463)],
    ["page_blocked", error(368)],
  ] as const) {
    const one = somebody([fault], pages.pop());
    // Beside others, a test polls by its own expect.
    it(`${named(fault)} is ${code}, and tried by itself until it is good again`, async ({ expect }) => {
      await write(one, "one");
      await one.ada.message(0, ({ metadata }) => metadata.error?.code === code);
      await write(one, "two");
      await expect
        .poll(async () => (await one.ada.seen()).map(({ text }) => text), { timeout: 50_000 })
        .toEqual(["one", "two"]);
    }, 60_000);
  }
});
