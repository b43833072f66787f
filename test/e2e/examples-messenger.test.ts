import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, type Running } from "../../scripts/processes.ts";
import { envelope, PAGE, text } from "../fixtures/events.ts";
import { runExample, startExample } from "./support/examples.ts";
import { APP, type Messenger, startGateway, startMessenger, tokenOf } from "./support/messenger.ts";

/**
 * A bot written against Meta's documentation alone, once with Meta and once behind the gateway. What differs is in
 * these settings: an address and a token, and where Meta's webhooks go.
 */
const GATEWAY_KEY = "key-of-the-messenger-bot-1";
const MODES = [
  { name: "with Meta", isBehind: false, token: tokenOf(PAGE) },
  { name: "behind the gateway", isBehind: true, token: GATEWAY_KEY },
];

describe.each(MODES)("examples/messenger-bot $name", ({ isBehind, token }) => {
  let messenger: Messenger;
  let gateway: Running | undefined;
  let bot: Running;
  beforeAll(async () => {
    const [botPort, gatewayPort] = [await freePort(), await freePort()];
    const [ofBot, ofGateway] = [botPort, gatewayPort].map((port) => `http://127.0.0.1:${port}/webhook`);
    messenger = await startMessenger([PAGE], String(isBehind ? ofGateway : ofBot));
    if (isBehind) {
      gateway = await startGateway(gatewayPort, messenger.url, [PAGE], {
        BOT_PROTOCOL: "messenger",
        BOT_URL: String(ofBot),
        API_KEYS: JSON.stringify([{ name: "messenger-bot", key: GATEWAY_KEY, role: "bot", pages: [PAGE] }]),
      });
    }
    bot = await startExample(
      "messenger-bot",
      {
        PAGE_ACCESS_TOKEN: token,
        APP_SECRET: APP.secret,
        VERIFY_TOKEN: APP.verifyToken,
        GRAPH_URL: gateway?.url ?? messenger.url,
      },
      botPort,
    );
  });
  afterAll(() => Promise.all([bot?.end(), gateway?.end(), messenger?.end()]));

  let people = 7100;
  const person = () => {
    const user = String(++people);
    return {
      user,
      act: (body: Record<string, unknown>) => messenger.act(user, PAGE, body),
      sees: (count: number) => messenger.sees(user, PAGE, count),
    };
  };

  const faults = async () => (await (await fetch(`${messenger.url}/_sim/faults`)).json()).graph;

  it("is verified as a webhook", async () => {
    expect(await messenger.meta.verifyWebhook()).toMatchObject({ ok: true });
  });

  it("answers a text", async () => {
    const { act, sees } = person();
    await act({ text: "Grüß Gott 🚀" });
    expect((await sees(1)).map(({ text }) => text)).toEqual(['You sent the message: "Grüß Gott 🚀".']);
  });

  it("answers Get Started, and a quick reply that it offered", async () => {
    const { act, sees } = person();
    await act({ get_started: true });
    await sees(1);
    await act({ text: "colors" });
    const [, offer] = await sees(2);
    expect(offer?.["quick_replies"]).toMatchObject([{ payload: "RED" }, { payload: "GREEN" }]);
    await act({ quick_reply: { title: "Red", payload: "RED" } });
    expect((await sees(3)).at(-1)?.text).toBe("You picked RED.");
  });

  it("shows a picture it got in a template, and answers its buttons", async () => {
    const { act, sees } = person();
    await act({ attachment: { type: "image", url: "https://example.com/a.png" } });
    const [card] = await sees(1);
    expect(card?.["attachment"]).toMatchObject({
      payload: {
        elements: [
          { image_url: "https://example.com/a.png", buttons: [{ payload: "yes" }, { payload: "no" }] },
        ],
      },
    });
    await act({ postback: { title: "Yes!", payload: "yes" } });
    expect((await sees(2)).at(-1)?.text).toBe("Thanks!");
  });

  it("answers several people who write several lines, each in order and once", async () => {
    const crowd = Array.from({ length: 5 }, person);
    for (const line of ["one", "two", "three"]) {
      await Promise.all(crowd.map(({ act }) => act({ text: line })));
    }
    for (const { sees } of crowd) {
      expect((await sees(3)).map(({ text }) => text)).toEqual(
        ["one", "two", "three"].map((line) => `You sent the message: "${line}".`),
      );
    }
  });

  it("says what is still to be said before it ends", async () => {
    const { user, act, sees } = person();
    await messenger.meta.fails({ user_id: user, outcome: "accept", delay_ms: 500 });
    await act({ text: "Bye" });
    // The fault is used up: the reply is on its way.
    await expect.poll(faults, { timeout: 10_000, interval: 20 }).toEqual([]);
    await bot.end("SIGTERM");
    expect(bot.child.exitCode).toBe(0);
    await sees(1);
  });
});

describe("examples/messenger-bot", () => {
  const variables = { PAGE_ACCESS_TOKEN: "token", APP_SECRET: APP.secret, VERIFY_TOKEN: APP.verifyToken };
  let bot: Running;
  beforeAll(async () => {
    bot = await startExample("messenger-bot", { ...variables, GRAPH_URL: "http://127.0.0.1:9" });
  });
  afterAll(() => bot?.end());

  const post = (
    body: string,
    signature = `sha256=${createHmac("sha256", APP.secret).update(body).digest("hex")}`,
  ) => fetch(`${bot.url}/webhook`, { method: "POST", headers: { "x-hub-signature-256": signature }, body });

  it("refuses what Meta didn't sign", async () => {
    const body = JSON.stringify(envelope([text("m_1", "Hello")]));
    expect((await post(body)).status).toBe(200);
    const digest = createHmac("sha256", "another secret").update(body).digest("hex");
    for (const signature of ["", "sha256=", `sha256=${digest}`, `sha1=${digest}`]) {
      expect((await post(body, signature)).status).toBe(401);
    }
  });

  it("refuses another verify token, other objects and bodies far too large", async () => {
    const asked = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.challenge": "1",
      "hub.verify_token": "no",
    });
    expect((await fetch(`${bot.url}/webhook?${asked}`)).status).toBe(403);
    expect((await post('{"object":"user","entry":[]}')).status).toBe(404);
    expect((await post(" ".repeat(5 * 1024 * 1024))).status).toBe(413);
  });

  it("does not start without its secrets, and says which are missing", () => {
    const { status, output } = runExample("messenger-bot", { APP_SECRET: "secret" });
    expect(status).not.toBe(0);
    expect(output).toMatch(/PAGE_ACCESS_TOKEN, VERIFY_TOKEN not set/);
  });
});
