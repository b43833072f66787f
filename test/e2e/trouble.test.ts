import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { envelope, text } from "../fixtures/events.ts";
import { startWorld, type World } from "./support/world.ts";

/** Trouble that a whole page has. Each test has a gateway of its own: they would shut each other's gates. */

const worlds: World[] = [];
const world = async (settings: Record<string, string> = {}): Promise<World> => {
  const one = await startWorld({ BOT_TIMEOUT_MS: "2000", ...settings });
  worlds.push(one);
  return one;
};
let shared: World;
beforeAll(async () => {
  shared = await world();
});
afterAll(() => Promise.all(worlds.map((one) => one.end())));

const eventually = (check: () => void, timeout: number) => vi.waitFor(check, { timeout, interval: 20 });
const users = (count: number, from: number) => Array.from({ length: count }, (_, at) => String(from + at));

describe("a rate limit", () => {
  it("pauses the page for all its conversations, and nothing is lost or shuffled by it", async () => {
    const { graph, post, textsTo } = shared;
    const take = graph.respond;
    let limitedUntil = 0;
    const refused: string[] = [];
    graph.respond = (request) => {
      if (limitedUntil === 0) limitedUntil = Date.now() + 3_000;
      if (Date.now() >= limitedUntil) return take(request);
      refused.push(request.recipient);
      return {
        status: 400,
        headers: { "retry-after": "3" },
        body: { error: { code: 613, message: "Calls to this api have exceeded the rate limit." } },
      };
    };
    const all = users(12, 100);
    for (const user of all)
      await post(envelope([text(`m_${user}_1`, "1", user), text(`m_${user}_2`, "2", user)]));
    const accepted = (user: string) => textsTo(user).slice(refused.filter((one) => one === user).length);
    await eventually(() => {
      for (const user of all) expect(accepted(user)).toEqual(["echo: 1", "echo: 2"]);
    }, 20_000);
    // Those that were on their way when the limit came may have met it; nobody after them.
    expect(refused.length).toBeLessThanOrEqual(3);
  }, 30_000);
});

describe("a token that is refused", () => {
  it("holds the page's messages, and they go when it is good again", async () => {
    const { bot, graph, post, textsTo } = await world();
    const take = graph.respond;
    let isGood = false;
    const refused: string[] = [];
    graph.respond = (request) => {
      if (isGood) return take(request);
      refused.push(request.recipient);
      return {
        status: 401,
        body: { error: { code: 190, error_subcode: 463, message: "Error validating access token" } },
      };
    };
    const all = users(6, 200);
    for (const user of all) await post(envelope([text(`m_${user}`, "hi", user)]));
    await eventually(() => expect(bot.requests).toHaveLength(6), 5_000);
    isGood = true;
    await eventually(() => {
      const sent = all.filter((user) => textsTo(user).length > refused.filter((one) => one === user).length);
      expect(sent).toEqual(all);
    }, 40_000);
  }, 60_000);
});

describe("a bot that is down for everyone", () => {
  it("is asked by few until it answers, and then everyone gets an answer", async () => {
    const { bot, post, textsTo } = await world();
    const answer = bot.respond;
    bot.respond = () => ({ status: 503 });
    const all = users(40, 300);
    for (const user of all) expect((await post(envelope([text(`m_${user}`, "hi", user)]))).status).toBe(200);
    const before = bot.requests.length;
    // Without the gate, 40 conversations would ask some three times each in these seconds.
    await eventually(() => expect(bot.requests.length).toBeGreaterThan(before), 15_000);
    expect(bot.requests.length).toBeLessThan(40);
    bot.respond = answer;
    await eventually(() => {
      for (const user of all) expect(textsTo(user)).toEqual(["echo: hi"]);
    }, 45_000);
  }, 60_000);

  it("with 410 is off for the page: nothing more is asked, nothing is lost", async () => {
    const { bot, gateway, post, textsTo } = await world({
      API_KEYS: JSON.stringify([{ name: "test", key: "an-operator-key-of-this-world", role: "operator" }]),
    });
    const answer = bot.respond;
    bot.respond = () => ({ status: 410 });
    const all = users(10, 400);
    for (const user of all) await post(envelope([text(`m_${user}`, "hi", user)]));
    await eventually(() => expect(bot.requests.length).toBeGreaterThan(0), 5_000);
    const asked = bot.requests.length;
    for (const user of all) await post(envelope([text(`m_${user}_again`, "still there?", user)]));
    expect(bot.requests.length).toBeLessThanOrEqual(asked + 1);

    bot.respond = answer;
    const response = await fetch(`${gateway.url}/deliveries.replay`, {
      method: "POST",
      headers: { authorization: "Bearer an-operator-key-of-this-world" },
      body: JSON.stringify({ since: new Date(0).toISOString() }),
    });
    expect(await response.json()).toEqual({ replayed: 0, next_cursor: null });
    await eventually(() => {
      for (const user of all) expect(textsTo(user)).toEqual(["echo: hi", "echo: still there?"]);
    }, 20_000);
  }, 60_000);
});
