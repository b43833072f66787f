import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../scripts/processes.ts";
import { text } from "../fixtures/events.ts";
import {
  type ExampleName,
  reasonToSkip,
  runExample,
  runGo,
  startExample,
  titleOf,
} from "./support/examples.ts";
import {
  type Answer,
  deliveryOf,
  event,
  forgeries,
  NEXT_SECRET,
  post,
  SIGNING_SECRET,
} from "./support/native-deliveries.ts";

/** The examples of the native protocol, asked as the gateway asks. */

const SECRETS = { BOT_SIGNING_SECRET: `${SIGNING_SECRET} ${NEXT_SECRET}` };
const HELLO = deliveryOf([event("message", text("m_1", "Grüß Gott 🚀"))]);
const ECHO_BOTS = ["echo-bot", "echo-bot-python", "echo-bot-go"] as const;

for (const name of [...ECHO_BOTS, "worker-bot"] satisfies ExampleName[]) {
  describe.skipIf(reasonToSkip(name) !== undefined)(titleOf(name), () => {
    let bot: Running;
    beforeAll(async () => {
      bot = await startExample(name, SECRETS);
    });
    afterAll(() => bot?.end());

    it("answers what is signed under each secret of a rotation", async () => {
      for (const secret of [SIGNING_SECRET, NEXT_SECRET]) {
        const response = await post(bot.url, HELLO, { secret });
        expect(response.status).toBe(200);
        expect(((await response.json()) as Answer).messages).toHaveLength(1);
      }
    });

    it("refuses what is forged, changed, stale or not signed", async () => {
      for (const response of await forgeries(bot.url, HELLO)) expect(response.status).toBe(401);
    });

    it("refuses a body that is far larger than a delivery", async () => {
      const large = HELLO + " ".repeat(1024 * 1024);
      expect((await post(bot.url, large)).status).toBe(413);
    });

    it("gives a redelivery the answer it gave before", async () => {
      const first = await (await post(bot.url, HELLO, { id: "msg_again" })).json();
      expect(await (await post(bot.url, HELLO, { id: "msg_again" })).json()).toEqual(first);
    });

    it("has nothing to say to receipts and echoes", async () => {
      const quiet = deliveryOf([
        event("delivery", { delivery: { watermark: 1 } }),
        event("echo", text("m_2", "no")),
        event("read", { read: {} }),
      ]);
      const response = await post(bot.url, quiet);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({});
    });

    it("asks to be tried again when it makes nothing of what is signed", async () => {
      expect((await post(bot.url, "not a delivery")).status).toBe(500);
    });
  });
}

for (const name of ECHO_BOTS) {
  describe.skipIf(reasonToSkip(name) !== undefined)(titleOf(name), () => {
    let bot: Running;
    beforeAll(async () => {
      bot = await startExample(name, SECRETS);
    });
    afterAll(() => bot?.end());

    it("echoes text, payloads and attachments, in order, and counts in its state", async () => {
      const delivery = deliveryOf(
        [
          event("message", text("m_1", "Grüß Gott 🚀")),
          event("message", { message: { mid: "m_2", text: "Red", quick_reply: { payload: "RED" } } }),
          event("postback", { postback: { title: "Start", payload: "START" } }),
          event("message", { message: { mid: "m_3", attachments: [{ type: "image" }, { type: "file" }] } }),
        ],
        { count: 3 },
        7,
      );
      expect(await (await post(bot.url, delivery)).json()).toEqual({
        messages: ["echo: Grüß Gott 🚀", "payload: RED", "payload: START", "attachment: image, file"].map(
          (words) => ({ text: words }),
        ),
        state: { count: 7 },
        state_version: 7,
      });
    });

    it("begins anew where another bot left a state of its own", async () => {
      const delivery = deliveryOf([event("message", text("m_1", "Hello"))], ["of", "another"]);
      expect(await (await post(bot.url, delivery)).json()).toMatchObject({ state: { count: 1 } });
    });

    it("does not start without a secret, and says why", () => {
      const { status, output } = runExample(name, {});
      expect(status).not.toBe(0);
      expect(output).toContain("BOT_SIGNING_SECRET");
    });

    it("ends when it is told to, though connections are open", async () => {
      await bot.end("SIGTERM");
      expect(bot.child.exitCode).toBe(0);
    });
  });
}

describe.skipIf(reasonToSkip("echo-bot-go") !== undefined)(titleOf("echo-bot-go"), () => {
  it("is vetted, and passes its own tests", () => {
    runGo("echo-bot-go", "vet", "./...");
    runGo("echo-bot-go", "test", "./...");
  }, 120_000);
});

describe("examples/worker-bot", () => {
  let bot: Running;
  beforeAll(async () => {
    bot = await startExample("worker-bot", SECRETS);
  });
  afterAll(() => bot?.end());

  const say = async (raw: unknown, state: unknown, type = "message"): Promise<Answer> =>
    (await post(bot.url, deliveryOf([event(type, raw)], state, 5))).json() as Promise<Answer>;
  const write = (words: string, state: unknown) => say(text("m_1", words), state);
  const tap = (payload: string, state: unknown) =>
    say({ message: { mid: "m_1", text: payload, quick_reply: { payload } } }, state);

  it("takes an order, and keeps nothing but what it gives away as state", async () => {
    const greeting = await write("Hello", null);
    expect(greeting.messages?.[0]?.quick_replies?.map(({ payload }) => payload)).toEqual(["ORDER", "HUMAN"]);
    const size = await tap("ORDER", greeting.state);
    expect(size.messages?.[0]?.quick_replies?.map(({ payload }) => payload)).toEqual(["SMALL", "LARGE"]);
    const name = await tap("LARGE", size.state);
    expect(name).toMatchObject({ state_version: 5, messages: [{ text: "A large one. Under which name?" }] });
    const right = await write("Zoë", name.state);
    expect(right.messages?.[0]?.text).toBe("A large pizza for Zoë. Is that right?");
    expect(await tap("YES", right.state)).toMatchObject({
      messages: [{ text: "Thank you, it is in the oven." }],
      state: null,
    });
  });

  it("asks again for what it needs", async () => {
    const { state, messages } = await write("enormous", { step: "size" });
    expect(messages?.[0]?.text).toContain("only these two");
    expect(await write("  ", { step: "name", size: "SMALL" })).toMatchObject({
      messages: [{ text: "A small one. Under which name?" }],
    });
    expect(await tap("NO", { step: "right", size: "SMALL", name: "Ada" })).toMatchObject({ state });
  });

  it("goes through what was said meanwhile in one answer", async () => {
    const delivery = deliveryOf([
      event("postback", { postback: { title: "Order", payload: "ORDER" } }),
      event("message", text("m_1", "small")),
      event("message", text("m_2", "Ada")),
    ]);
    const { messages, state }: Answer = await (await post(bot.url, delivery)).json();
    expect(messages).toHaveLength(3);
    expect(state).toEqual({ step: "right", size: "SMALL", name: "Ada" });
  });

  it("hands over to a person, and says no more after it", async () => {
    const delivery = deliveryOf([
      event("message", text("m_1", "Human")),
      event("message", text("m_2", "order")),
    ]);
    expect(await (await post(bot.url, delivery)).json()).toMatchObject({
      messages: [{ text: "A person will answer you here." }],
      handover: "human",
      state: null,
    });
  });

  it("answers nothing without a secret, and says why", async () => {
    const unset = await startExample("worker-bot", {});
    const response = await post(unset.url, HELLO);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("BOT_SIGNING_SECRET");
    await unset.end();
  });
});
