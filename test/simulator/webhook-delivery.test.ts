import { beforeEach, describe, expect, it, vi } from "vitest";
import { nextAttemptAt } from "../../src/simulator/webhook/schedule.ts";
import { control, eventsOf, eventually, freshSimulator, PAGE_ID, threadOf, webhook, write } from "./world.ts";

const USER = "7001";
const texts = (posts: Parameters<typeof eventsOf>[0]) => eventsOf(posts).map((event) => event.message.text);

/** A webhook that answers only when told to. */
function slowWebhook() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const posts = webhook(async (_post, index) => {
    if (index === 0) await promise;
    return new Response("EVENT_RECEIVED");
  });
  return { posts, answer: resolve };
}

beforeEach(freshSimulator);

describe("a webhook POST", () => {
  it("wraps the event as Meta does", async () => {
    const posts = webhook();
    const { mid, timestamp } = (await write(USER, "hello")).body;
    await eventually(() => expect(posts).toHaveLength(1));
    expect(JSON.parse(posts[0]?.body ?? "")).toEqual({
      object: "page",
      entry: [
        {
          id: PAGE_ID,
          time: expect.any(Number),
          messaging: [
            { sender: { id: USER }, recipient: { id: PAGE_ID }, timestamp, message: { mid, text: "hello" } },
          ],
        },
      ],
    });
  });

  it("is not waited for: the control call answers while it is under way", async () => {
    const { posts, answer } = slowWebhook();
    expect((await write(USER, "hello")).status).toBe(200);
    expect((await threadOf(USER)).messages[0].status).toBe("sent");
    answer();
    await eventually(async () => expect((await threadOf(USER)).messages[0].status).toBe("delivered"));
    expect(posts).toHaveLength(1);
  });

  it("is one at a time; what happens meanwhile goes into the next, an entry per run of one user's events", async () => {
    const { posts, answer } = slowWebhook();
    await write(USER, "one");
    await eventually(() => expect(posts).toHaveLength(1));
    for (const [user, text] of [
      ["7001", "two"],
      ["7001", "three"],
      ["7002", "four"],
      ["7001", "five"],
    ] as const) {
      await write(user, text);
    }
    expect(posts).toHaveLength(1);
    answer();
    await eventually(() => expect(posts).toHaveLength(2));
    expect(texts(posts)).toEqual(["one", "two", "three", "four", "five"]);
    const { entry } = JSON.parse(posts[1]?.body ?? "");
    expect(entry.map((one: { messaging: unknown[] }) => one.messaging.length)).toEqual([2, 1, 1]);
  });

  it("is sent again with the same bytes until it gets its 200, and nothing overtakes it", async () => {
    const posts = webhook((_post, index) =>
      index < 2 ? new Response("no", { status: 500 }) : new Response("EVENT_RECEIVED"),
    );
    await write(USER, "first ä");
    await write(USER, "second");
    await eventually(() => expect(posts).toHaveLength(4));
    expect(posts[1]?.body).toBe(posts[0]?.body);
    expect(posts[2]?.body).toBe(posts[0]?.body);
    expect(posts[2]?.headers.get("X-Hub-Signature-256")).toBe(posts[0]?.headers.get("X-Hub-Signature-256"));
    expect(texts(posts)).toEqual(["first ä", "first ä", "first ä", "second"]);
  });

  it("holds a thousand events at most", async () => {
    const { posts, answer } = slowWebhook();
    await write(USER, "first");
    await eventually(() => expect(posts).toHaveLength(1));
    for (let count = 0; count < 1001; count++) await write(String(7100 + count), "ä".repeat(20));
    answer();
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1002));
    expect(posts.map((post) => post.events.length)).toEqual([1, 1000, 1]);
  });

  it("stays small enough to be kept, however long the events", async () => {
    const { posts, answer } = slowWebhook();
    await write(USER, "first");
    await eventually(() => expect(posts).toHaveLength(1));
    for (let count = 0; count < 4; count++) await write(USER, "ä".repeat(200_000));
    answer();
    await eventually(() => expect(eventsOf(posts)).toHaveLength(5));
    for (const post of posts) expect(post.body.length).toBeLessThan(2_000_000);
  });

  it("counts as failed on a redirect, a 201 or a dead line, and every attempt is on record", async () => {
    const answers = [
      () => new Response(null, { status: 301, headers: { Location: "/elsewhere" } }),
      () => new Response("created", { status: 201 }),
      () => {
        throw new TypeError("connection refused");
      },
    ];
    webhook((_post, index) => answers[index]?.() ?? new Response("EVENT_RECEIVED"));
    await write(USER, "hello");
    const attempts = await eventually(async () => {
      const { data } = (await control("GET", "/deliveries")).body;
      expect(data).toHaveLength(4);
      return data;
    });
    expect(attempts.map((one: { status: number }) => one.status)).toEqual([301, 201, null, 200]);
    expect(attempts.map((one: { attempt: number }) => one.attempt)).toEqual([1, 2, 3, 4]);
    expect(attempts[1]).toMatchObject({
      answer: "created",
      events: 1,
      outcome: "retrying",
      page_id: PAGE_ID,
    });
    expect(attempts[2].error).toContain("connection refused");
    expect(attempts[3].outcome).toBe("accepted");
    expect((await control("GET", "/deliveries?limit=1")).body.data).toEqual([attempts[3]]);
  });
});

describe("the schedule", () => {
  it("starts at 200 ms, settles at 15 s and ends ten minutes after the first attempt", () => {
    const waits = [];
    let now = 0;
    for (let failures = 1; ; failures++) {
      const next = nextAttemptAt(failures, 0, now);
      if (next === null) break;
      waits.push(next - now);
      now = next;
    }
    expect(waits.slice(0, 8)).toEqual([200, 500, 1000, 2000, 5000, 10_000, 15_000, 15_000]);
    expect(now).toBeGreaterThan(585_000);
    expect(now).toBeLessThanOrEqual(600_000);
  });
});

describe("handshake", () => {
  it("reports a webhook that returns the challenge as verified", async () => {
    webhookOnGet((url) => new Response(url.searchParams.get("hub.challenge")));
    expect((await control("POST", "/verify-webhook")).body).toMatchObject({ ok: true, status: 200 });
  });

  it("says what is wrong otherwise", async () => {
    webhookOnGet(() => new Response("no", { status: 403 }));
    expect((await control("POST", "/verify-webhook")).body).toMatchObject({ ok: false, status: 403 });
    webhookOnGet(() => new Response("EVENT_RECEIVED"));
    expect((await control("POST", "/verify-webhook")).body).toMatchObject({ ok: false, status: 200 });
  });
});

function webhookOnGet(respond: (url: URL) => Response): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => respond(new URL(String(url))));
}
