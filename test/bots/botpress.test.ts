import { afterEach, describe, expect, it, vi } from "vitest";
import { botpressBot } from "../../src/bots/botpress.ts";
import { conversationId, userIdOfRef } from "../../src/ids.ts";
import {
  asked,
  cards,
  file,
  noTalk,
  postback,
  quickReply,
  saidFor,
  sentFor,
  serverAnswering,
  settings,
  tapped,
  workOf,
  written,
} from "./deliveries.ts";

const bot = botpressBot({ ...settings, url: "https://bot.invalid/api/v1/bots/shop" });
const say = (...responses: object[]) => saidFor(bot, { responses });
const dots = { type: "typing", value: true };
afterEach(() => vi.restoreAllMocks());

describe("Botpress is asked", () => {
  it("about a text, in a session for the conversation", async () => {
    const request = await asked(bot, written("Hi"), { responses: [] });
    expect(request?.url).toBe("https://bot.invalid/api/v1/bots/shop/converse/1001_7001");
    expect(request?.body).toMatchObject({
      type: "text",
      text: "Hi",
      metadata: { conversation: { page_id: "1001", platform: "messenger" }, event: { id: "m_Hi" } },
    });
  });

  it("with the payload of what was tapped", async () => {
    const request = await asked(bot, tapped("Yes", "YES"), { responses: [] });
    expect(request?.body).toMatchObject({ text: "YES", metadata: { text: "Yes" } });
  });

  it("under a path that is one, whoever the user is", async () => {
    const requests = serverAnswering(Response.json({ responses: [] }));
    const { conversation, ...work } = workOf(written("Hi"));
    const id = conversationId(conversation.page, userIdOfRef("a/b"));
    await bot.deliver({ ...work, conversation: { ...conversation, id } }, noTalk);
    expect(requests[0]?.url).toBe("https://bot.invalid/api/v1/bots/shop/converse/1001_ref%3Aa%2Fb");
  });
});

describe("Botpress says", () => {
  it("texts", async () => {
    expect(await say({ type: "text", text: "a", markdown: true }, { type: "text", text: "b" })).toEqual([
      { text: "a" },
      { text: "b" },
    ]);
  });

  it("single choices and dropdowns, as quick replies", async () => {
    const choices = [{ title: "Yes", value: "YES" }, { title: "No" }];
    const said = { text: "Well?", quick_replies: [quickReply("Yes", "YES"), quickReply("No", "No")] };
    expect(await say({ type: "single-choice", text: "Well?", choices })).toEqual([said]);
    expect(await say({ type: "dropdown", text: "Well?", choices })).toEqual([said]);
  });

  it("choices in the older forms", async () => {
    const options = [{ label: "Yes", value: "YES" }];
    const said = { text: "Well?", quick_replies: [quickReply("Yes", "YES")] };
    expect(await say({ type: "dropdown", message: "Well?", options })).toEqual([said]);
    expect(await say({ text: "Well?", quick_replies: [{ title: "Yes", payload: "YES" }] })).toEqual([said]);
  });

  it("cards with actions", async () => {
    const actions = [
      { action: "Say something", title: "More", text: "tell me more" },
      { action: "Open URL", title: "Open", url: "https://example.com/a" },
      { action: "Postback", title: "Buy", payload: "BUY" },
    ];
    expect(await say({ type: "card", title: "Hat", subtitle: "Red", actions })).toEqual([
      cards({
        title: "Hat",
        subtitle: "Red",
        buttons: [
          postback("More", "tell me more"),
          { type: "web_url", title: "Open", url: "https://example.com/a" },
          postback("Buy", "BUY"),
        ],
      }),
    ]);
  });

  it("carousels, also in the older form", async () => {
    const image = "https://example.com/a.png";
    const said = cards({ title: "Hat", image_url: image, buttons: [postback("Buy", "BUY")] });
    const action = { title: "Buy", payload: "BUY" };
    expect(await say({ type: "carousel", items: [{ title: "Hat", image, actions: [action] }] })).toEqual([
      said,
    ]);
    const old = { title: "Hat", picture: image, subtitle: null, buttons: [{ type: "postback", ...action }] };
    expect(await say({ type: "carousel", text: " ", elements: [old] })).toEqual([said]);
  });

  it("images, sound, films and files, with their title after them", async () => {
    for (const type of ["image", "audio", "video", "file"]) {
      expect(await say({ type, [type]: "https://example.com/a", title: "A hat" })).toEqual([
        file(type, "https://example.com/a"),
        { text: "A hat" },
      ]);
    }
  });

  it("images that the older form calls files", async () => {
    expect(await say({ type: "file", url: "https://example.com/a.png" })).toEqual([
      file("image", "https://example.com/a.png"),
    ]);
  });

  it("files of its own by their path", async () => {
    expect(await say({ type: "image", image: "/api/v1/bots/shop/media/a.png" })).toEqual([
      file("image", "https://bot.invalid/api/v1/bots/shop/media/a.png"),
    ]);
  });

  it("places", async () => {
    expect(await say({ type: "location", latitude: 1, longitude: 2, title: "Here" })).toEqual([
      { text: "Here\nhttps://www.google.com/maps/search/?api=1&query=1%2C2" },
    ]);
  });

  it("custom responses by their text, and logs those without", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(
      await say({ type: "custom", text: "Hi", module: "x" }, { type: "custom", component: "y" }),
    ).toEqual([{ text: "Hi" }]);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ at: ["responses[1]: custom"] }));
  });
});

describe("Botpress's typing", () => {
  it("before the first message goes before it", async () => {
    serverAnswering(Response.json({ responses: [dots, { type: "text", text: "a" }] }));
    expect((await bot.deliver(workOf(written("Hi")), noTalk)).outcome).toMatchObject({
      answer: { messages: [{ message: { text: "a" } }], actions: ["typing_on"] },
    });
  });

  it("between messages is shown there", async () => {
    const [a, b] = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    expect(await sentFor(bot, { responses: [a, { type: "typing", value: 1000 }, b] })).toEqual([
      { message: { text: "a" } },
      { sender_action: "typing_on" },
      { message: { text: "b" } },
    ]);
  });

  it("that announces nothing isn't shown", async () => {
    const off = { type: "typing", value: false };
    expect(await sentFor(bot, { responses: [off, { type: "text", text: "a" }, dots] })).toEqual([
      { message: { text: "a" } },
    ]);
    expect(await sentFor(bot, { responses: [dots] })).toEqual([]);
  });
});

it("an answer without responses is none, with the place of what is missing", async () => {
  serverAnswering(Response.json({ error: "no" }));
  expect((await bot.deliver(workOf(written("Hi")), noTalk)).outcome).toMatchObject({
    kind: "retry",
    reason: expect.stringMatching(/^answer_malformed: responses: /),
  });
});
