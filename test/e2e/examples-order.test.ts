import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort, type Running } from "../../scripts/processes.ts";
import { Bot, type BotEvent } from "../conformance/support/bot.ts";
import type { ListedMessage } from "../conformance/support/person.ts";
import { PAGE, USER } from "../fixtures/events.ts";
import { type Messenger, startGateway, startMessenger } from "./support/messenger.ts";
import { SIGNING_SECRET } from "./support/native-deliveries.ts";

/** A bot may answer the request it is asked by, and call the Graph-compatible door beside it. */

const KEY = "key-of-a-bot-with-two-ways";
const OPERATOR_KEY = "key-of-the-operator-000001";
let messenger: Messenger;
let gateway: Running;
let bot: Bot;

beforeAll(async () => {
  const port = await freePort();
  bot = await Bot.listening(SIGNING_SECRET);
  messenger = await startMessenger([PAGE], `http://127.0.0.1:${port}/webhook`);
  gateway = await startGateway(port, messenger.url, [PAGE], {
    BOT_URL: bot.url,
    API_KEYS: JSON.stringify([
      { name: "bot", key: KEY, role: "bot", pages: [PAGE] },
      { name: "Olga", key: OPERATOR_KEY, role: "operator" },
    ]),
  });
});
afterAll(() => Promise.all([bot?.end(), gateway?.end(), messenger?.end()]));

/** As any Messenger SDK does it. @returns Meta's id of the message */
async function byDoor(text: string): Promise<string> {
  const response = await fetch(`${gateway.url}/v25.0/me/messages?access_token=${KEY}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ recipient: { id: USER }, messaging_type: "RESPONSE", message: { text } }),
  });
  const { message_id, error } = await response.json();
  if (!response.ok) throw new Error(error.message);
  return message_id;
}

const wordsIn = ({ type, raw }: BotEvent): string[] => {
  const { message } = raw as { message?: { text?: string } };
  return type === "message" && message?.text !== undefined ? [message.text] : [];
};

it("what a bot says by its answers and by the door at once arrives once, and in the order it was accepted in", async () => {
  const lines = ["1", "2", "3", "4", "5", "6"];
  const beside: Promise<[text: string, mid: string]>[] = [];
  bot.answers(`${PAGE}_${USER}`, async ({ events }) => {
    const heard = events.flatMap(wordsIn);
    for (const line of heard) {
      await byDoor(`${line} before`);
      const text = `${line} beside`;
      beside.push(byDoor(text).then((mid) => [text, mid]));
    }
    return {
      body: { messages: heard.flatMap((line) => [{ text: `${line} first` }, { text: `${line} then` }]) },
    };
  });
  for (const text of lines) await messenger.act(USER, PAGE, { text });

  const seen = await messenger.sees(USER, PAGE, lines.length * 4);
  const said = seen.map(({ text }) => String(text));
  expect(new Set(said).size).toBe(said.length);
  // Each way keeps its order, and what was waited for comes before what was said after it.
  expect(said.filter((text) => / (first|then)$/.test(text))).toEqual(
    lines.flatMap((line) => [`${line} first`, `${line} then`]),
  );
  expect(said.filter((text) => text.endsWith("before"))).toEqual(lines.map((line) => `${line} before`));
  for (const line of lines) {
    const [before, first] = ["before", "first"].map((word) => said.indexOf(`${line} ${word}`));
    expect(before).toBeLessThan(first ?? -1);
  }
  // The door's answers are Meta's, each of its own message.
  for (const [text, mid] of await Promise.all(beside)) {
    expect(seen.find((message) => message.mid === mid)?.text).toBe(text);
  }
  // The conversation's log has them as they were accepted: that is how they arrived.
  const listed = await fetch(`${gateway.url}/messages.list`, {
    method: "POST",
    headers: { authorization: `Bearer ${OPERATOR_KEY}` },
    body: JSON.stringify({ conversation_id: `${PAGE}_${USER}`, page_size: 100 }),
  });
  const { data }: { data: ListedMessage[] } = await listed.json();
  const ours = data.filter(({ from_contact }) => !from_contact).map(({ source_id }) => source_id);
  expect(ours).toEqual(seen.map(({ mid }) => mid));
});
