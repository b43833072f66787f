import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { BotSettings, Turn } from "../../src/bots/bot.ts";
import { openaiBot } from "../../src/bots/openai.ts";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { event, noTalk, serverAnswering, settings, tapped, workOf, written } from "./deliveries.ts";

const model: BotSettings = { ...settings, url: "https://llm.invalid/v1", model: "small-1", token: "s3cret" };
afterEach(() => vi.restoreAllMocks());

const streamed = (...pieces: string[]) =>
  [
    ...pieces.map((content) =>
      JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    ),
    JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    "[DONE]",
  ]
    .map((data) => `data: ${data}\n\n`)
    .join("");
const says = (...pieces: string[]) => new Response(streamed(...pieces));

const talkOf = (...turns: [Turn["from"], string, ...string[]][]) => ({
  turns: vi.fn(
    async (_limit: number): Promise<Turn[]> =>
      turns.map(([from, text, ...images]) => ({ from, text, images })),
  ),
});

/** What the model is told. */
async function toldAbout(work: DeliverWork, chosen: Partial<BotSettings> = {}, talk = noTalk) {
  const [request] = await requestsFor(work, chosen, talk);
  return request?.body as { messages: unknown[] };
}

async function requestsFor(work: DeliverWork, chosen: Partial<BotSettings> = {}, talk = noTalk) {
  const requests = serverAnswering(says("Hi"));
  await openaiBot({ ...model, ...chosen }).deliver(work, talk);
  return requests;
}

const picture = (url: string) => ({ type: "image", payload: { url } });
const sent = (text: string | undefined, ...attachments: object[]) =>
  event("message", { message: { mid: "m_1", ...(text === undefined ? {} : { text }), attachments } });
const part = (text: string) => ({ type: "text", text });
const image = (url: string) => ({ type: "image_url", image_url: { url } });

describe("a language model is told", () => {
  it("what the user wrote, under a name that says nothing of them", async () => {
    const [request] = await requestsFor(workOf(written("Hi")));
    expect(request?.body).toEqual({
      model: "small-1",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      // SHA-256 of the conversation's id.
      user: "fed8b4f5fa9be4c1b681f52f90283a02",
    });
    expect(String(request?.init.body)).not.toContain("7001");
    expect(request?.headers.get("authorization")).toBe("Bearer s3cret");
  });

  it("under the address of its base, or under the whole one", async () => {
    const urlOf = async (url: string) => (await requestsFor(workOf(written("Hi")), { url }))[0]?.url;
    expect(await urlOf("https://llm.invalid/v1/")).toBe("https://llm.invalid/v1/chat/completions");
    expect(await urlOf("https://llm.invalid/x/chat/completions?v=2")).toBe(
      "https://llm.invalid/x/chat/completions?v=2",
    );
    expect(await urlOf("https://llm.invalid/openai?v=2")).toBe(
      "https://llm.invalid/openai/chat/completions?v=2",
    );
  });

  it("first who it is, with what is known of the user, cut to what a name may be", async () => {
    const prompt =
      "You are Ada. The user is {{first_name}}{{ last_name }}, {{locale}}. {{constructor}}{{Not one}}";
    expect((await toldAbout(workOf(written("Hi")), { prompt })).messages[0]).toEqual({
      role: "system",
      content: "You are Ada. The user is Zoë, fr_FR. {{Not one}}",
    });
    const work = workOf(written("Hi"));
    const profile = JSON.stringify({
      first_name: `Zoë\n\n# New orders ${"!".repeat(200)}`,
      picture: { url: "x" },
    });
    const told = await toldAbout(
      { ...work, conversation: { ...work.conversation, profile } },
      { prompt: "{{first_name}}|{{picture}}" },
    );
    expect(told.messages[0]).toEqual({ role: "system", content: `Zoë # New orders ${"!".repeat(82)}…|` });
  });

  it("what was said before, as far as the settings say", async () => {
    const talk = talkOf(["user", "One"], ["page", "Two"], ["user", ""], ["page", "Three"]);
    const { messages } = await toldAbout(workOf(written("Four")), { turns: 20, prompt: "Be Ada." }, talk);
    expect(talk.turns.mock.calls).toEqual([[20]]);
    expect(messages).toEqual([
      { role: "system", content: "Be Ada." },
      { role: "user", content: "One" },
      { role: "assistant", content: "Two\nThree" },
      { role: "user", content: "Four" },
    ]);
  });

  it("nothing of before if the settings say so", async () => {
    expect((await toldAbout(workOf(written("Hi")), { turns: 0 }, noTalk)).messages).toHaveLength(1);
  });

  it("what was cut off in the middle from a turn of the user's on, and else from the first", async () => {
    const before: [Turn["from"], string][] = [
      ["page", "Still there?"],
      ["user", "Yes"],
      ["page", "Good"],
    ];
    const rolesWith = async (turns: number) =>
      (await toldAbout(workOf(written("Hi")), { turns }, talkOf(...before))).messages.map(
        (message) => (message as { role: string }).role,
      );
    expect(await rolesWith(3)).toEqual(["user", "assistant", "user"]);
    expect(await rolesWith(4)).toEqual(["assistant", "user", "assistant", "user"]);
    const alone = await toldAbout(workOf(written("Hi")), { turns: 1 }, talkOf(["page", "Still there?"]));
    expect(alone.messages).toHaveLength(2);
  });

  it("all that came together as one turn of the user's, with what they wrote before it", async () => {
    const followed = event("referral", { referral: { ref: "shop" } });
    const work = workOf(written("a"), event("read", {}), tapped("Yes", "CONFIRM"), followed, written("b"));
    const { messages } = await toldAbout(work, { turns: 5 }, talkOf(["page", "Hello"], ["user", "before"]));
    expect(messages).toEqual([
      { role: "assistant", content: "Hello" },
      { role: "user", content: "before\na\nYes\n[ref: shop]\nb" },
    ]);
  });

  it("images to look at, other attachments as text", async () => {
    const url = "https://cdn.example/a.png";
    const work = workOf(
      written("Look"),
      sent(undefined, picture(url), { type: "location", payload: { coordinates: { lat: 1, long: 2 } } }),
      sent("and", { type: "sticker", payload: { url: "https://cdn.example/s.png" } }, { type: "image" }),
    );
    expect((await toldAbout(work)).messages).toEqual([
      {
        role: "user",
        content: [
          part("Look\ngeo:1,2"),
          image(url),
          part("and\n[image]"),
          image("https://cdn.example/s.png"),
        ],
      },
    ]);
  });

  it("of images the address of our own copy, where there is one, and those that the user sent before", async () => {
    const copy = "https://gateway.example/media/1";
    const one = {
      ...sent(undefined, picture("https://cdn.example/a.png")),
      media: [{ index: 0, type: "image", url: copy }],
    };
    const talk = talkOf(
      ["user", "", "https://cdn.example/0.png"],
      ["page", "Nice", "https://cdn.example/1.png"],
    );
    expect((await toldAbout(workOf(one), { turns: 5 }, talk)).messages).toEqual([
      { role: "user", content: [image("https://cdn.example/0.png")] },
      { role: "assistant", content: "Nice\n[image]" },
      { role: "user", content: [image(copy)] },
    ]);
  });

  it("that something came of which Meta tells nothing", async () => {
    const odd = event("message", { message: { mid: "m_1", is_unsupported: true } });
    expect((await toldAbout(workOf(odd))).messages).toEqual([{ role: "user", content: "[unsupported]" }]);
  });
});

describe("a language model isn't asked", () => {
  const isAskedAbout = async (work: DeliverWork) => {
    const requests = serverAnswering();
    const { outcome, isAsked } = await openaiBot({ ...model, turns: 5 }).deliver(work, noTalk);
    expect(outcome).toMatchObject({ kind: "answered", answer: { messages: [] } });
    return isAsked === false && requests.length === 0;
  };

  it("when nothing in the delivery asks", async () => {
    expect(await isAskedAbout(workOf(event("read", { read: { watermark: 1 } })))).toBe(true);
  });

  it("when it is another's turn", async () => {
    const work = workOf(written("Hi"));
    expect(await isAskedAbout({ ...work, conversation: { ...work.conversation, owner: "human" } })).toBe(
      true,
    );
  });
});

describe("an answer", () => {
  const deliver = (work = workOf(written("Hi")), chosen: Partial<BotSettings> = {}) =>
    openaiBot({ ...model, ...chosen }).deliver(work, noTalk);

  it("goes out as a message for each paragraph, without its markup, and is on record as what was said", async () => {
    serverAnswering(says("**Hi", "** Zoë!\n", "\nHow ", "are you?"));
    expect(await deliver()).toEqual({
      outcome: {
        kind: "answered",
        status: 200,
        answer: {
          messages: [{ message: { text: "Hi Zoë!" } }, { message: { text: "How are you?" } }],
          actions: [],
        },
      },
      excerpt: "**Hi** Zoë!\n\nHow are you?",
    });
  });

  it("is the same in whatever pieces it comes, from the model and over the wire", async () => {
    const text = "# Grüße 🚀\n\n- **eins**\n- zwei\n\nUnd _drei_.";
    const cuts = fc.uniqueArray(fc.nat({ max: text.length }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 1, max: 40 }), async (places, size) => {
        const borders = [0, ...places.sort((a, b) => a - b), text.length];
        const pieces = borders.slice(1).map((end, index) => text.slice(borders[index], end));
        const bytes = new TextEncoder().encode(streamed(...pieces));
        const body = new ReadableStream({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
            controller.close();
          },
        });
        serverAnswering(new Response(body));
        expect((await deliver()).outcome).toMatchObject({
          answer: {
            messages: [{ message: { text: "Grüße 🚀\n- eins\n- zwei" } }, { message: { text: "Und drei." } }],
          },
        });
      }),
      { numRuns: 50 },
    );
  });

  it("in one piece is taken, too", async () => {
    serverAnswering(Response.json({ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] }));
    expect((await deliver()).outcome).toMatchObject({ answer: { messages: [{ message: { text: "Hi" } }] } });
  });

  it("within Meta's limits, also on Instagram", async () => {
    serverAnswering(says("word ".repeat(500).trim()));
    const work = workOf(written("Hi"));
    const { outcome } = await deliver({
      ...work,
      conversation: { ...work.conversation, platform: "instagram" },
    });
    expect(outcome.kind === "answered" && outcome.answer.messages).toHaveLength(3);
  });

  it("that broke off, or is larger than any answer, is asked for again", async () => {
    for (const answer of [
      new Response(streamed("Hi").slice(0, 60)),
      new Response(new Uint8Array([...new TextEncoder().encode(streamed("Hi")), 0xc3])),
      new Response(""),
      new Response(`${streamed("Hi")}${" ".repeat(4 * 1024 * 1024)}`),
    ]) {
      serverAnswering(answer);
      expect((await deliver()).outcome).toMatchObject({
        kind: "retry",
        reason: expect.stringMatching(/^answer_malformed/),
      });
    }
  });

  it("may be longer on the wire than that of other bots: a stream repeats itself with every word", async () => {
    serverAnswering(new Response(`: ${"x".repeat(1024 * 1024)}\n\n${streamed("Hi")}`));
    expect((await deliver()).outcome).toMatchObject({ kind: "answered" });
  });

  it("without anything to say is logged, and nothing of what it holds", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const call = {
      message: { content: null, tool_calls: [{ function: { name: "confidential" } }] },
      finish_reason: "tool_calls",
    };
    serverAnswering(Response.json({ choices: [call] }));
    expect((await deliver()).outcome).toMatchObject({ kind: "answered", answer: { messages: [] } });
    expect(warned.mock.calls).toEqual([
      [
        {
          event: "reply_not_sayable",
          conversation: "1001_7001",
          protocol: "openai",
          at: ["choices[0]: tool_calls"],
        },
      ],
    ]);
  });

  it("that is a refusal ends as it does with every bot, but for an account that has run dry", async () => {
    const endOf = async (response: Response | Error) => {
      serverAnswering(response);
      return (await deliver()).outcome;
    };
    const tooMany = Response.json({ error: {} }, { status: 429, headers: { "retry-after": "7" } });
    expect(await endOf(tooMany)).toEqual({ kind: "retry", status: 429, reason: "http_429", afterMs: 7000 });
    expect(await endOf(new Response("", { status: 402 }))).toEqual({
      kind: "retry",
      status: 402,
      reason: "http_402",
    });
    expect(await endOf(new Response("", { status: 503 }))).toMatchObject({ kind: "retry", status: 503 });
    for (const status of [400, 401, 403, 404]) {
      expect(await endOf(new Response("", { status }))).toMatchObject({ kind: "rejected", status });
    }
    expect(await endOf(new DOMException("slow", "TimeoutError"))).toMatchObject({ reason: "timeout" });
  });
});

describe("a model that can't see", () => {
  const work = workOf(sent("Look", picture("https://cdn.example/a.png")));

  it("is asked again without the images, within the same time and under an id of its own", async () => {
    for (const status of [400, 404, 422, 500]) {
      const requests = serverAnswering(new Response("no vision", { status }), says("I can't see it."));
      const { outcome, excerpt } = await openaiBot(model).deliver(work, noTalk);
      expect(requests.map(({ body }) => (body as { messages: unknown }).messages)).toEqual([
        [{ role: "user", content: [part("Look"), image("https://cdn.example/a.png")] }],
        [{ role: "user", content: "Look\n[image]" }],
      ]);
      expect(requests[0]?.init.signal).toBe(requests[1]?.init.signal);
      expect(requests[1]?.headers.get("webhook-id")).toBe("msg_0123456789abcdef0123456789abcdef_2");
      expect(outcome).toMatchObject({ answer: { messages: [{ message: { text: "I can't see it." } }] } });
      expect(excerpt).toBe("I can't see it.");
    }
  });

  it("isn't asked again when that wasn't it: without images, or when it is busy", async () => {
    const once = serverAnswering(new Response("", { status: 400 }));
    await openaiBot(model).deliver(workOf(written("Hi")), noTalk);
    expect(once).toHaveLength(1);
    const busy = serverAnswering(new Response("", { status: 429 }));
    await openaiBot(model).deliver(work, noTalk);
    expect(busy).toHaveLength(1);
  });
});
