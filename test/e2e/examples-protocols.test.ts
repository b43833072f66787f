import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../scripts/processes.ts";
import { reasonToSkip, runExample, startExample, titleOf } from "./support/examples.ts";
import { forgeries, post, SIGNING_SECRET } from "./support/native-deliveries.ts";

/** The examples that stand in for servers of others, asked as those are. */

describe.skipIf(reasonToSkip("rasa-bot") !== undefined)(titleOf("rasa-bot"), () => {
  let rasa: Running;
  let url: string;
  beforeAll(async () => {
    rasa = await startExample("rasa-bot", { BOT_SIGNING_SECRET: SIGNING_SECRET });
    url = `${rasa.url}/webhooks/rest/webhook`;
  });
  afterAll(() => rasa?.end());

  const bodyOf = (message: unknown) => JSON.stringify({ sender: "someone", message });
  const say = async (message: string) => (await post(url, bodyOf(message))).json();

  it("answers a list of responses, each with its recipient", async () => {
    expect(await say("Grüß Gott 🚀")).toEqual([{ recipient_id: "someone", text: "echo: Grüß Gott 🚀" }]);
    expect(await say("picture")).toMatchObject([{ text: "Here it is." }, { image: expect.any(String) }]);
  });

  it("offers buttons, and takes what they stand for as an intent with its entities", async () => {
    const [{ buttons }] = await say("menu");
    expect(buttons).toHaveLength(2);
    expect(await say(buttons[0].payload)).toMatchObject([{ text: "intent: affirm" }]);
    expect(await say(buttons[1].payload)).toMatchObject([{ text: 'intent: inform with {"size": "large"}' }]);
  });

  it("refuses what isn't signed, isn't a message, is too large or is asked elsewhere", async () => {
    for (const response of await forgeries(url, bodyOf("Hello"))) expect(response.status).toBe(401);
    expect((await post(url, bodyOf(null))).status).toBe(400);
    expect((await post(url, " ".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await post(rasa.url, bodyOf("Hello"))).status).toBe(404);
  });

  it("does not start without a secret, and says why", () => {
    const { status, output } = runExample("rasa-bot", {});
    expect(status).not.toBe(0);
    expect(output).toContain("BOT_SIGNING_SECRET");
  });

  it("ends when it is told to, though connections are open", async () => {
    await rasa.end("SIGTERM");
    expect(rasa.child.exitCode).toBe(0);
  });
});

describe("examples/llm-bot", () => {
  const API_KEY = "key-of-the-completions";
  let llm: Running;
  beforeAll(async () => {
    llm = await startExample("llm-bot", { API_KEY });
  });
  afterAll(() => llm?.end());

  const ask = (body: unknown, key = API_KEY) =>
    fetch(`${llm.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const user = (content: unknown) => ({ role: "user", content });
  const HELLO = { model: "parrot", messages: [user("Grüß Gott 🚀")] };

  it("completes a conversation, the same way each time", async () => {
    const messages = [
      { role: "system", content: "Be kind." },
      user("One"),
      { role: "assistant", content: "…" },
      user([
        { type: "text", text: "Two" },
        { type: "image_url", image_url: { url: "https://example.com/a.png" } },
      ]),
    ];
    for (const _ of [1, 2]) {
      expect(await (await ask({ model: "parrot", messages })).json()).toMatchObject({
        object: "chat.completion",
        model: "parrot",
        choices: [
          {
            index: 0,
            finish_reason: "stop",
            message: {
              role: "assistant",
              content:
                "You said: Two, with a picture\n\nThat is turn **2** of yours. I was told how to behave.",
            },
          },
        ],
      });
    }
  });

  it("streams the same in pieces, and says when it is at its end", async () => {
    const whole = await (await ask(HELLO)).json();
    const response = await ask({ ...HELLO, stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = (await response.text()).split("\n\n").filter((one) => one !== "");
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((one) => JSON.parse(one.replace("data: ", "")));
    const choices = chunks.flatMap(({ choices }) => choices);
    expect(choices.map(({ delta }) => delta.content ?? "").join("")).toBe(whole.choices[0].message.content);
    expect(choices.length).toBeGreaterThan(3);
    expect(choices.at(-1).finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  });

  it("refuses a wrong key, what is no conversation, and what it doesn't know, in OpenAI's shape", async () => {
    const refusal = async (response: Promise<Response>) => {
      const { status } = await response;
      return [status, (await (await response).json()).error.code];
    };
    expect(await refusal(ask(HELLO, "another-key-of-the-same-l"))).toEqual([401, "invalid_api_key"]);
    expect(await refusal(fetch(`${llm.url}/v1/models`))).toEqual([401, "invalid_api_key"]);
    expect(await refusal(ask({ messages: HELLO.messages }))).toEqual([400, null]);
    expect(await refusal(ask({ model: "parrot", messages: [] }))).toEqual([400, null]);
    expect(await refusal(ask({ model: "parrot", messages: [{ role: "user" }] }))).toEqual([400, null]);
    expect(await refusal(ask({ ...HELLO, user: "x".repeat(1024 * 1024) }))).toEqual([413, null]);
    const headers = { authorization: `Bearer ${API_KEY}` };
    expect(await refusal(fetch(`${llm.url}/v1/embeddings`, { headers }))).toEqual([404, "unknown_url"]);
  });

  it("does not start without a key, and says why", () => {
    const { status, output } = runExample("llm-bot", {});
    expect(status).not.toBe(0);
    expect(output).toContain("API_KEY");
  });

  it("ends when it is told to, though connections are open", async () => {
    await llm.end("SIGTERM");
    expect(llm.child.exitCode).toBe(0);
  });
});
