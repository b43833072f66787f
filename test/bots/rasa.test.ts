import { afterEach, describe, expect, it, vi } from "vitest";
import { rasaBot } from "../../src/bots/rasa.ts";
import {
  asked,
  buttonTemplate,
  cards,
  event,
  file,
  postback,
  quickReply,
  saidFor,
  sentFor,
  settings,
  tapped,
  written,
} from "./deliveries.ts";

const bot = rasaBot(settings);
const say = (...responses: object[]) => saidFor(bot, responses);
afterEach(() => vi.restoreAllMocks());

describe("Rasa is asked", () => {
  it("at its REST channel, under whatever path and query it has", async () => {
    const at = async (url: string) => (await asked(rasaBot({ ...settings, url }), written("Hi"), []))?.url;
    expect(await at("https://bot.invalid/base/?token=1")).toBe(
      "https://bot.invalid/base/webhooks/rest/webhook?token=1",
    );
    expect(await at("https://bot.invalid")).toBe("https://bot.invalid/webhooks/rest/webhook");
  });

  it("at a channel of its own, if that is the address", async () => {
    const url = "https://bot.invalid/webhooks/shop/webhook";
    expect((await asked(rasaBot({ ...settings, url }), written("Hi"), []))?.url).toBe(url);
  });

  it("as the conversation, with what is known of it and of the event", async () => {
    const request = await asked(bot, written("Hi"), []);
    expect(request?.body).toEqual({
      sender: "1001_7001",
      message: "Hi",
      metadata: {
        conversation: {
          id: "1001_7001",
          page_id: "1001",
          user_id: "7001",
          platform: "messenger",
          window: { closes_at: "2026-09-22T14:13:20.000Z" },
          profile: { first_name: "Zoë", locale: "fr_FR" },
        },
        event: { id: "m_Hi", type: "message", timestamp: 1_790_000_000_000 },
        text: "Hi",
      },
    });
  });

  it("with the payload of what was tapped, and its title in the metadata", async () => {
    const request = await asked(bot, tapped("Yes", '/affirm{"a":1}'), []);
    expect(request?.body).toMatchObject({ message: '/affirm{"a":1}', metadata: { text: "Yes" } });
  });

  it("with attachments as addresses, and listed in the metadata", async () => {
    const image = { type: "image", payload: { url: "https://cdn.example/a.png" } };
    const request = await asked(bot, event("message", { message: { mid: "m", attachments: [image] } }), []);
    expect(request?.body).toMatchObject({
      message: "https://cdn.example/a.png",
      metadata: { attachments: [{ type: "image", url: "https://cdn.example/a.png" }] },
    });
  });

  it("with how the user came in the metadata", async () => {
    const request = await asked(bot, event("referral", { referral: { ref: "/promo", source: "ADS" } }), []);
    expect(request?.body).toMatchObject({
      message: "/promo",
      metadata: { referral: { ref: "/promo", source: "ADS" } },
    });
  });
});

describe("Rasa says", () => {
  it("nothing", async () => {
    expect(await say()).toEqual([]);
  });

  it("texts, in order", async () => {
    expect(await say({ recipient_id: "1001_7001", text: "a" }, { text: "b" })).toEqual([
      { text: "a" },
      { text: "b" },
    ]);
  });

  it("buttons", async () => {
    expect(await say({ text: "Well?", buttons: [{ title: "Yes", payload: "/affirm" }] })).toEqual([
      buttonTemplate("Well?", postback("Yes", "/affirm")),
    ]);
  });

  it("links", async () => {
    const button = { type: "web_url", title: "Open", url: "https://example.com" };
    expect(await say({ text: "See", buttons: [button] })).toEqual([buttonTemplate("See", button)]);
  });

  it("buttons of the Send API's own", async () => {
    const button = { type: "phone_number", title: "Call", payload: "+15550100" };
    expect(await say({ text: "Call us", buttons: [button] })).toEqual([buttonTemplate("Call us", button)]);
  });

  it("quick replies, also those that ask for an address", async () => {
    const email = { content_type: "user_email" };
    expect(await say({ text: "Well?", quick_replies: [{ title: "Yes", payload: "/yes" }, email] })).toEqual([
      { text: "Well?", quick_replies: [quickReply("Yes", "/yes"), email] },
    ]);
  });

  it("images", async () => {
    expect(await say({ image: "https://example.com/a" })).toEqual([file("image", "https://example.com/a")]);
  });

  it("attachments by their address, their kind told by its ending", async () => {
    expect(await say({ attachment: "https://example.com/a.mp4" })).toEqual([
      file("video", "https://example.com/a.mp4"),
    ]);
  });

  it("attachments as objects, with their title after them", async () => {
    const attachment = { type: "video", payload: { src: "https://example.com/a", title: "A hat" } };
    expect(await say({ attachment })).toEqual([file("video", "https://example.com/a"), { text: "A hat" }]);
  });

  it("templates of the Send API's", async () => {
    const template = buttonTemplate("Well?", postback("Yes", "/yes"));
    expect(await say(template)).toEqual([template]);
  });

  it("elements, as cards", async () => {
    const element = {
      title: "Hat",
      subtitle: "Red",
      image_url: "https://example.com/a.png",
      default_action: { type: "web_url", url: "https://example.com/a" },
      buttons: [{ title: "Buy", payload: "/buy" }],
    };
    expect(await say({ elements: [element] })).toEqual([
      cards({ ...element, buttons: [postback("Buy", "/buy")] }),
    ]);
  });

  it("custom JSON that is a message or body of the Send API, as it is", async () => {
    const template = buttonTemplate("Well?", postback("Yes", "/yes"));
    const body = { message: { text: "a" }, messaging_type: "UPDATE", recipient: { id: "4711" } };
    expect(
      await sentFor(bot, [{ custom: { ...template, sender: { id: "4711" } } }, { custom: body }]),
    ).toEqual([{ message: template }, { messaging_type: "UPDATE", message: { text: "a" } }]);
  });

  it("several things in one response, in the order of its own channels", async () => {
    const all = {
      image: "https://example.com/a.png",
      text: "Look",
      custom: { text: "custom" },
      attachment: "https://example.com/b.pdf",
    };
    expect(await say(all)).toEqual([
      { text: "Look" },
      { text: "custom" },
      file("image", "https://example.com/a.png"),
      file("file", "https://example.com/b.pdf"),
    ]);
  });

  it("nulls where it means nothing", async () => {
    expect(await say({ text: "a", image: null, buttons: null, custom: null, elements: null })).toEqual([
      { text: "a" },
    ]);
  });
});
