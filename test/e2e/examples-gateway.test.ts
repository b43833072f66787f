import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { freePort, type Running } from "../../scripts/processes.ts";
import { type ExampleName, reasonToSkip, startExample, titleOf } from "./support/examples.ts";
import { type Messenger, startGateway, startMessenger } from "./support/messenger.ts";
import { SIGNING_SECRET } from "./support/native-deliveries.ts";

/**
 * Every example behind one gateway, each the bot of a page of its own. The messenger bot has a test of its own, since
 * it is compared with itself.
 */
const PAGES = {
  "echo-bot": "100200300400500",
  "echo-bot-python": "100200300400501",
  "echo-bot-go": "100200300400502",
  "worker-bot": "100200300400503",
  "rasa-bot": "100200300400504",
  "llm-bot": "100200300400505",
} satisfies Partial<Record<ExampleName, string>>;
type Name = keyof typeof PAGES;
const NAMES = ["echo-bot", "echo-bot-python", "echo-bot-go", "worker-bot", "rasa-bot", "llm-bot"] as const;

const LLM_KEY = "key-of-the-completions";
const OPERATOR_KEY = "key-of-the-operator-000001";

/** As the example has it; its address is this run's. */
const llmSettings = (url: string) => {
  const { default: common } = JSON.parse(
    readFileSync(join(ROOT, "examples/llm-bot/page-settings.json"), "utf8"),
  );
  return { ...common, gather_ms: 300, bot: { ...common.bot, url: `${url}/v1` } };
};

const bots = new Map<Name, Running>();
let messenger: Messenger;
let gateway: Running;

beforeAll(async () => {
  const gatewayPort = await freePort();
  const pages = Object.values(PAGES);
  const begun = NAMES.filter((name) => reasonToSkip(name) === undefined).map(async (name) => {
    const secret: Record<string, string> =
      name === "llm-bot" ? { API_KEY: LLM_KEY } : { BOT_SIGNING_SECRET: SIGNING_SECRET };
    bots.set(name, await startExample(name, secret));
  });
  messenger = await startMessenger(pages, `http://127.0.0.1:${gatewayPort}/webhook`);
  await Promise.all(begun);
  const settings = [...bots].map(([name, { url }]) => {
    if (name === "llm-bot") return [PAGES[name], llmSettings(url)];
    return [PAGES[name], { bot: { url, protocol: name === "rasa-bot" ? "rasa" : "native" } }];
  });
  gateway = await startGateway(gatewayPort, messenger.url, pages, {
    BOT_URL: "https://bot.example/",
    PAGE_SETTINGS: JSON.stringify(Object.fromEntries(settings)),
    BOT_TOKEN_LLM: LLM_KEY,
    API_KEYS: JSON.stringify([{ name: "Olga", key: OPERATOR_KEY, role: "operator" }]),
  });
});
afterAll(() => Promise.all([...bots.values(), gateway, messenger].map((one) => one?.end())));

let people = 7200;
const personOn = (page: string) => {
  const user = String(++people);
  let heard = 0;
  const act = (body: Record<string, unknown>) => messenger.act(user, page, body);
  return {
    act,
    conversation: `${page}_${user}`,
    /** Does something, and waits for so many messages more. @returns them */
    async hears(body: Record<string, unknown>, count = 1) {
      await act(body);
      heard += count;
      return (await messenger.sees(user, page, heard)).slice(-count);
    },
  };
};
const described = (name: Name) => describe.skipIf(reasonToSkip(name) !== undefined);
const wordsOf = (messages: { text?: string }[]) => messages.map(({ text }) => text);

for (const name of ["echo-bot", "echo-bot-python", "echo-bot-go"] as const) {
  described(name)(`${titleOf(name)} behind the gateway`, () => {
    it("echoes what a person writes, taps and sends", async () => {
      const { hears } = personOn(PAGES[name]);
      expect(wordsOf(await hears({ text: "Grüß Gott 🚀" }))).toEqual(["echo: Grüß Gott 🚀"]);
      expect(wordsOf(await hears({ quick_reply: { title: "Red", payload: "RED" } }))).toEqual([
        "payload: RED",
      ]);
      const image = { type: "image", url: "https://example.com/a.png" };
      expect(wordsOf(await hears({ attachment: image }))).toEqual(["attachment: image"]);
    });
  });
}

describe("examples/worker-bot behind the gateway", () => {
  it("takes an order over several turns by the state that the gateway keeps", async () => {
    const { hears } = personOn(PAGES["worker-bot"]);
    await hears({ get_started: true });
    await hears({ quick_reply: { title: "Order", payload: "ORDER" } });
    await hears({ quick_reply: { title: "Small", payload: "SMALL" } });
    expect(wordsOf(await hears({ text: "Ada" }))).toEqual(["A small pizza for Ada. Is that right?"]);
    const yes = { quick_reply: { title: "Yes", payload: "YES" } };
    expect(wordsOf(await hears(yes))).toEqual(["Thank you, it is in the oven."]);
  });

  it("gives the conversation to a person who is asked for", async () => {
    const { hears, conversation } = personOn(PAGES["worker-bot"]);
    expect(wordsOf(await hears({ text: "human" }))).toEqual(["A person will answer you here."]);
    const response = await fetch(`${gateway.url}/conversations.info`, {
      method: "POST",
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
      body: JSON.stringify({ conversation_id: conversation }),
    });
    expect(await response.json()).toMatchObject({ owner: "human" });
  });
});

described("rasa-bot")(`${titleOf("rasa-bot")} behind the gateway`, () => {
  it("says texts, buttons and pictures, and is told what was tapped", async () => {
    const { hears } = personOn(PAGES["rasa-bot"]);
    expect(wordsOf(await hears({ text: "Grüß Gott 🚀" }))).toEqual(["echo: Grüß Gott 🚀"]);
    const [menu] = await hears({ text: "menu" });
    expect(menu?.["attachment"]).toMatchObject({
      payload: { text: "What shall it be?", buttons: [{ payload: "/affirm" }, {}] },
    });
    expect(wordsOf(await hears({ postback: { title: "Yes", payload: "/affirm" } }))).toEqual([
      "intent: affirm",
    ]);
    const [words, picture] = await hears({ text: "picture" }, 2);
    expect(words?.text).toBe("Here it is.");
    expect(picture?.["attachment"]).toMatchObject({ type: "image" });
  });
});

describe("examples/llm-bot behind the gateway", () => {
  it("answers in messages without Markdown, and knows how often it was spoken to", async () => {
    const { hears } = personOn(PAGES["llm-bot"]);
    expect(wordsOf(await hears({ text: "Grüß Gott 🚀" }, 2))).toEqual([
      "You said: Grüß Gott 🚀",
      "That is turn 1 of yours. I was told how to behave.",
    ]);
    expect(wordsOf(await hears({ text: "And again" }, 2))).toEqual([
      "You said: And again",
      "That is turn 2 of yours. I was told how to behave.",
    ]);
  });

  it("answers three lines in a row as one turn", async () => {
    const { act, hears } = personOn(PAGES["llm-bot"]);
    await act({ text: "Hello" });
    await act({ text: "do you have rye bread" });
    expect(wordsOf(await hears({ text: "today?" }, 2))).toEqual([
      "You said: Hello\ndo you have rye bread\ntoday?",
      "That is turn 1 of yours. I was told how to behave.",
    ]);
  });
});
