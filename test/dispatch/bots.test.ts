import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deliver } from "../../src/dispatch/deliver.ts";
import { remember } from "../../src/dispatch/gates.ts";
import type { ConversationId } from "../../src/ids.ts";
import { conversationId, userId } from "../../src/ids.ts";
import { Page } from "../../src/pages/page.ts";
import { contextOf, deliverWorkOf, freshPage, lineOf, listening } from "./bench.ts";

/** Several bots of one page. */

const QUIET = { typing: false, mark_seen: false, user_fields: [] };
const bot = (name: string) => ({ url: `https://${name}.invalid/` });
const reply = (text: string) => Response.json({ messages: [{ text }] });
afterEach(() => vi.restoreAllMocks());

const askedIn = (calls: { path: string }[]) => calls.map(({ path }) => /(\w+)\.invalid/.exec(path)?.[1]);

async function delivered(page: ReturnType<typeof freshPage>, settings: object, user = "7001") {
  const id: ConversationId = conversationId(page, userId(user));
  const work = deliverWorkOf(page, { id, user: userId(user) });
  return deliver(contextOf(page, { ...QUIET, ...settings }), lineOf(work), work, "ordinary");
}

describe("a bot for a share of the users", () => {
  it("gets its share, always of the same users, and the page's bot the others", async () => {
    const page = freshPage();
    const calls = listening(() => reply("hi"));
    const settings = { canary: { bot: bot("canary"), percent: 50 } };
    const users = Array.from({ length: 40 }, (_, n) => `70${n}`);
    for (const user of users) await delivered(page, settings, user);
    const first = askedIn(calls);
    expect(new Set(first)).toEqual(new Set(["bot", "canary"]));
    for (const user of users) await delivered(page, settings, user);
    expect(askedIn(calls).slice(users.length)).toEqual(first);
  });

  it("that is gone doesn't stop the page's own", async () => {
    const page = freshPage();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    listening(() => new Response("", { status: 410 }));
    await delivered(page, { canary: { bot: bot("canary"), percent: 100 } });
    const calls = listening(() => reply("hi"));
    const canarys = await delivered(page, { canary: { bot: bot("canary"), percent: 100 } });
    expect(canarys.outcome).toMatchObject({ kind: "postponed", reason: "bot_gone" });
    expect((await delivered(page, {})).outcome).toMatchObject({ kind: "answered" });
    expect(askedIn(calls)).toEqual(["bot"]);
  });
});

describe("a bot on trial", () => {
  const settings = { shadow: { bot: bot("shadow"), percent: 100 } };
  const comparisons = async (page: string, count = 1) => {
    const object = env.PAGE.getByName(page);
    await vi.waitFor(async () =>
      expect((await object.comparisons(null, 10)).comparisons).toHaveLength(count),
    );
    return object.comparisons(null, 10);
  };

  it("gets what the page's bot gets; what it says is compared, and never sent", async () => {
    const page = freshPage();
    const calls = listening(({ path }) => reply(path.includes("shadow") ? "hey" : "hi"));
    const { outcome } = await delivered(page, settings);
    expect(outcome).toMatchObject({ kind: "answered", answer: { messages: [{ message: { text: "hi" } }] } });
    const {
      comparisons: [one],
      verdicts,
    } = await comparisons(page);
    expect(one).toMatchObject({ verdict: "different", primary: { status: 200 }, shadow: { status: 200 } });
    expect(JSON.parse(one?.shadow.answer ?? "")).toMatchObject({ messages: [{ message: { text: "hey" } }] });
    expect(verdicts).toMatchObject([{ verdict: "different", count: 1 }]);
    expect(new Set(askedIn(calls))).toEqual(new Set(["bot", "shadow"]));
    const [a, b] = calls.map(({ body }) => body["data"]);
    expect(a).toEqual(b);
  });

  it("may say the same, and may fail, as nobody notices", async () => {
    const page = freshPage();
    listening(() => reply("hi"));
    await delivered(page, settings);
    listening(({ path }) => (path.includes("shadow") ? new Response("", { status: 503 }) : reply("hi")));
    expect((await delivered(page, settings)).outcome).toMatchObject({ kind: "answered" });
    const { verdicts } = await comparisons(page, 2);
    expect(verdicts).toMatchObject([
      { verdict: "same", count: 1 },
      { verdict: "shadow_failed", count: 1 },
    ]);
  });
});

describe("a bot that is switched off", () => {
  it("isn't asked, and what waits for it stays", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const calls = listening(() => reply("hi"));
    const { outcome } = await delivered(freshPage(), { is_on: false });
    expect(outcome).toEqual({ kind: "postponed", status: null, reason: "bot_off" });
    expect(calls).toEqual([]);
  });

  it("is asked as soon as it is on again, whoever hasn't heard of that yet", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const page = freshPage();
    const object = env.PAGE.getByName(page);
    const turn = (isOn: boolean) =>
      object.changeChannel({ source: "facebook", facebookPage: page }, { settings: { is_on: isOn } });
    const calls = listening(() => reply("hi"));
    await turn(false);
    expect((await delivered(page, {})).outcome).toMatchObject({ kind: "postponed", reason: "bot_off" });
    await turn(true);
    expect((await delivered(page, {})).outcome).toMatchObject({ kind: "answered" });
    // Somebody was late to say so.
    const trouble = { conversation: "c", afterMs: undefined, isProbe: false, successes: 0 };
    await object.trouble("bot", { ...trouble, reason: "bot_off" });
    remember(page, "bot", { reason: "bot_off", until: Number.POSITIVE_INFINITY }, Date.now());
    expect((await delivered(page, {})).outcome).toMatchObject({ kind: "answered" });
    expect((await object.vitals()).gates).toEqual([]);
    expect(calls).toHaveLength(2);
  });

  it("is asked at once when it is switched on again, and so is another in its place", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    for (const settings of [{ is_on: true }, { bot: { url: "https://other.invalid/" } }]) {
      const page = freshPage();
      const object = env.PAGE.getByName(page);
      const origin = { source: "facebook" as const, facebookPage: page };
      await object.changeChannel(origin, { settings: { is_on: false } });
      await delivered(page, { is_on: false });
      expect((await object.vitals()).gates).toMatchObject([{ side: "bot", reason: "bot_off" }]);
      await object.changeChannel(origin, { settings });
      expect((await object.vitals()).gates).toEqual([]);
      expect(await runInDurableObject(object, (_, { storage }) => storage.getAlarm())).not.toBeNull();
    }
  });
});

it("a page of which nobody knows how it is served isn't taken to another's bot", async () => {
  const calls = listening(() => reply("hi"));
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(Page.prototype, "channel").mockImplementation(() => {
    throw new Error("away");
  });
  const [page, inSecrets] = [freshPage(), freshPage()];
  const context = contextOf(inSecrets, QUIET);
  const delivers = (to: typeof page) => {
    const work = deliverWorkOf(to);
    return deliver(context, lineOf(work), work, "ordinary");
  };
  expect((await delivers(page)).outcome).toMatchObject({ kind: "postponed", reason: "page_unreachable" });
  expect(calls).toEqual([]);
  expect((await delivers(inSecrets)).outcome).toMatchObject({ kind: "answered" });
});
