import { afterEach, expect, it, vi } from "vitest";
import { BOT_PROTOCOLS } from "../../src/bots/bot.ts";
import { botOf } from "../../src/bots/bots.ts";
import { noTalk, serverAnswering, settings, workOf, written } from "./deliveries.ts";

afterEach(() => vi.restoreAllMocks());

it("a bot is asked in the protocol of its settings", async () => {
  const requestIn = async (protocol: (typeof BOT_PROTOCOLS)[number]) => {
    const requests = serverAnswering(new Response("[]"));
    await botOf({ ...settings, protocol }).deliver(workOf(written("Hi")), noTalk);
    return [protocol, requests[0]?.url, requests[0]?.body];
  };
  const asked = [];
  for (const protocol of BOT_PROTOCOLS) asked.push(await requestIn(protocol));
  const base = settings.url;
  expect(asked).toEqual([
    ["native", base, expect.objectContaining({ type: "conversation.events" })],
    ["messenger", base, expect.objectContaining({ object: "page" })],
    ["rasa", `${base}/webhooks/rest/webhook`, expect.objectContaining({ sender: "1001_7001" })],
    ["botpress", `${base}/converse/1001_7001`, expect.objectContaining({ type: "text" })],
    ["tock", base, expect.objectContaining({ query: "Hi" })],
    ["openai", `${base}/chat/completions`, expect.objectContaining({ stream: true })],
  ]);
});
