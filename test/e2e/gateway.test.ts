import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { envelope, PAGE, text } from "../fixtures/events.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ BOT_TIMEOUT_MS: "2000" });
});
afterAll(() => world.end());

const echoing: World["bot"]["respond"] = ({ events }) => ({
  body: { messages: events.map(({ raw }) => ({ text: `echo: ${raw.message?.text}` })) },
});
beforeEach(() => {
  world.bot.respond = echoing;
});

let users = 7000;
const freshUser = () => String(++users);
const eventually = (check: () => void, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 10 });
const requestsOf = (user: string) =>
  world.bot.requests.filter(({ conversation }) => conversation.user_id === user);

describe("the main job", () => {
  it("a user's text goes in, the bot's reply comes out", async () => {
    const user = freshUser();
    const response = await world.post(envelope([text("m_in", "Grüß Gott 🚀", user)]));
    expect([response.status, await response.text()]).toEqual([200, "EVENT_RECEIVED"]);
    await eventually(() => expect(world.textsTo(user)).toEqual(["echo: Grüß Gott 🚀"]));

    const [request] = requestsOf(user);
    expect(request).toMatchObject({
      conversation: { id: `${PAGE}_${user}`, state: null },
      events: [{ id: "m_in", type: "message" }],
    });
    const sent = world.graph.requests.find(({ recipient }) => recipient === user);
    expect(sent?.url).toBe(`/v25.0/${PAGE}/messages`);
    expect(sent?.authorization).toBe("Bearer page-token-of-this-world");
  });

  it("three messages of one answer arrive in order, also when Graph is slow with the first", async () => {
    const user = freshUser();
    const take = world.graph.respond;
    world.graph.respond = async (request) => {
      if (request.message?.text === "one") await new Promise((resolve) => setTimeout(resolve, 60));
      return take(request);
    };
    world.bot.respond = () => ({
      body: {
        messages: [{ text: "one" }, { text: "two" }, { text: "three" }],
        actions: ["mark_seen", "typing_on"],
      },
    });
    await world.post(envelope([text("m_3", "go", user)]));
    await eventually(() => expect(world.textsTo(user)).toEqual(["one", "two", "three"]));
    const actions = world.graph.requests.filter(({ recipient, action }) => recipient === user && action);
    expect(actions.map(({ action }) => action)).toEqual(["mark_seen", "typing_on"]);
    world.graph.respond = take;
  });

  it("keeps a user's order when many POSTs come at once", async () => {
    const user = freshUser();
    for (let round = 0; round < 30; round++) {
      expect((await world.post(envelope([text(`m_${user}_${round}`, `${round}`, user)]))).status).toBe(200);
    }
    await eventually(() =>
      expect(world.textsTo(user)).toEqual(Array.from({ length: 30 }, (_, at) => `echo: ${at}`)),
    );
  });

  it("takes no duplicate to the bot, whether in one POST, later, or while the first is under way", async () => {
    const user = freshUser();
    const body = envelope([text("m_dup", "once", user), text("m_dup", "once", user)]);
    await Promise.all([world.post(body), world.post(body), world.post(body)]);
    await eventually(() => expect(world.textsTo(user)).toHaveLength(1));
    await world.post(body);
    await world.post(envelope([text("m_after", "after", user)]));
    await eventually(() => expect(world.textsTo(user)).toEqual(["echo: once", "echo: after"]));
    expect(requestsOf(user)).toHaveLength(2);
  });

  it("keeps the bot's state between events", async () => {
    const user = freshUser();
    world.bot.respond = ({ conversation }) => {
      const count = ((conversation.state as { count?: number } | null)?.count ?? 0) + 1;
      return {
        body: {
          messages: [{ text: `#${count}` }],
          state: { count },
          state_version: conversation.state_version,
        },
      };
    };
    for (const at of [1, 2, 3]) {
      await world.post(envelope([text(`m_s${at}`, "count", user)]));
      await eventually(() => expect(world.textsTo(user)).toHaveLength(at));
    }
    expect(world.textsTo(user)).toEqual(["#1", "#2", "#3"]);
  });

  it("forwards events of kinds it does not know", async () => {
    const user = freshUser();
    const raw = {
      sender: { id: user },
      recipient: { id: PAGE },
      timestamp: Date.now(),
      hologram: { depth: 3 },
    };
    world.bot.respond = () => ({ body: {} });
    await world.post(envelope([raw]));
    await eventually(() => expect(requestsOf(user)[0]?.events).toMatchObject([{ type: "unknown", raw }]));
  });
});

describe("one POST of 1000 events for 1000 users", () => {
  it("is stored whole, answered by one 200, and every one gets its reply", async () => {
    const base = 5_000_000;
    const all = Array.from({ length: 1000 }, (_, at) => String(base + at));
    const response = await world.post(envelope(all.map((user) => text(`m_${user}`, user, user))));
    expect(response.status).toBe(200);
    await eventually(() => {
      const replied = new Set(
        world.graph.requests.flatMap(({ recipient, message }) => (message ? [recipient] : [])),
      );
      expect(all.filter((user) => replied.has(user))).toHaveLength(1000);
    }, 45_000);
    for (const user of all) expect(world.textsTo(user)).toEqual([`echo: ${user}`]);
  }, 60_000);
});

describe("a bot in trouble", () => {
  it("that is slow holds up neither Meta nor other users, and gets what came meanwhile in one request", async () => {
    const [slow, quick] = [freshUser(), freshUser()];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.bot.respond = async (request) => {
      if (request.conversation.user_id === slow && requestsOf(slow).length === 1) await released;
      return echoing(request);
    };
    for (const words of ["a", "b", "c"]) {
      expect((await world.post(envelope([text(`m_slow_${words}`, words, slow)]))).status).toBe(200);
    }
    await world.post(envelope([text("m_quick", "hi", quick)]));
    await eventually(() => expect(world.textsTo(quick)).toEqual(["echo: hi"]));
    expect(world.textsTo(slow)).toEqual([]);
    release();
    await eventually(() => expect(world.textsTo(slow)).toEqual(["echo: a", "echo: b", "echo: c"]));
    expect(requestsOf(slow).map(({ events }) => events.length)).toEqual([1, 2]);
  });

  it("that is down gets everything when it is up again, in order", async () => {
    const user = freshUser();
    await world.bot.down();
    for (const words of ["a", "b", "c"]) {
      expect((await world.post(envelope([text(`m_down_${words}`, words, user)]))).status).toBe(200);
    }
    await world.bot.up();
    await eventually(() => expect(world.textsTo(user)).toEqual(["echo: a", "echo: b", "echo: c"]), 20_000);
  });

  it("that fails, times out or answers garbage is asked again under the same id", async () => {
    for (const trouble of [{ status: 500 }, { cut: true }, { body: "<html>" }]) {
      const user = freshUser();
      world.bot.respond = (request) => (requestsOf(user).length === 1 ? trouble : echoing(request));
      await world.post(envelope([text(`m_${user}`, "hello", user)]));
      await eventually(() => expect(world.textsTo(user)).toEqual(["echo: hello"]), 20_000);
      const [first, second] = requestsOf(user);
      expect(second?.id).toBe(first?.id);
    }
  }, 60_000);
});

describe("Graph in trouble", () => {
  it("that fails for a moment is tried again, and what follows waits its turn", async () => {
    const user = freshUser();
    const take = world.graph.respond;
    let failures = 2;
    world.graph.respond = (request) =>
      request.message?.text === "one" && failures-- > 0
        ? { status: 500, body: { error: { code: 2, message: "temporary", is_transient: true } } }
        : take(request);
    world.bot.respond = () => ({ body: { messages: [{ text: "one" }, { text: "two" }] } });
    await world.post(envelope([text(`m_${user}`, "go", user)]));
    await eventually(() => expect(world.textsTo(user)).toEqual(["one", "one", "one", "two"]), 20_000);
    world.graph.respond = take;
  });

  it("that takes a message and cuts before answering is believed when the echo comes", async () => {
    const user = freshUser();
    const take = world.graph.respond;
    world.graph.respond = (request) => (request.message?.text === "one" ? { cut: true } : take(request));
    world.bot.respond = () => ({ body: { messages: [{ text: "one" }, { text: "two" }] } });
    await world.post(envelope([text(`m_${user}`, "go", user)]));
    await eventually(() => expect(world.textsTo(user)).toEqual(["one"]));
    const { message } = world.graph.requests.find(({ recipient }) => recipient === user) ?? {};
    const echo = {
      sender: { id: PAGE },
      recipient: { id: user },
      timestamp: Date.now(),
      message: { ...message, mid: "m_echo", is_echo: true },
    };
    await world.post(envelope([echo]));
    await eventually(() => expect(world.textsTo(user)).toEqual(["one", "two"]));
    world.graph.respond = take;
  });
});

describe("a gateway killed", () => {
  it("while the bot is thinking has lost nothing: the bot is asked again after the restart", async () => {
    const all = Array.from({ length: 20 }, freshUser);
    world.bot.respond = () => new Promise(() => {});
    for (const user of all) {
      expect((await world.post(envelope([text(`m_${user}`, "before the crash", user)]))).status).toBe(200);
    }
    await eventually(() => expect(all.flatMap(requestsOf)).toHaveLength(20));
    await world.crash();
    world.bot.respond = echoing;
    await eventually(() => {
      for (const user of all) expect(world.textsTo(user)).toEqual(["echo: before the crash"]);
    }, 40_000);
    for (const user of all) {
      const [before, after] = requestsOf(user);
      expect(after?.id).toBe(before?.id);
    }
  }, 60_000);
});
