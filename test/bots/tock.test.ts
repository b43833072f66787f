import { afterEach, describe, expect, it, vi } from "vitest";
import { tockBot } from "../../src/bots/tock.ts";
import {
  asked,
  buttonTemplate,
  cards,
  event,
  file,
  noTalk,
  postback,
  quickReply,
  saidFor,
  serverAnswering,
  settings,
  tapped,
  workOf,
  written,
} from "./deliveries.ts";

const bot = tockBot(settings);
const nothing = { responses: [] };
const say = (...responses: object[]) => saidFor(bot, { responses });
afterEach(() => vi.restoreAllMocks());

describe("Tock is asked", () => {
  it("what was written, at its address, as the conversation and in the user's language", async () => {
    const request = await asked(bot, written("Salut"), nothing);
    expect(request?.url).toBe(settings.url);
    expect(request?.body).toEqual({ query: "Salut", userId: "1001_7001", locale: "fr_FR" });
  });

  it("in the language it is set to, if the user's isn't known", async () => {
    const requests = serverAnswering(Response.json(nothing));
    const work = workOf(written("Hi"));
    await bot.deliver({ ...work, conversation: { ...work.conversation, profile: null } }, noTalk);
    expect(requests[0]?.body).toEqual({ query: "Hi", userId: "1001_7001" });
  });

  it("the payload of what was tapped, with the reference that came along", async () => {
    const request = await asked(bot, tapped("Yes", "yes?a=1"), nothing);
    expect(request?.body).toEqual({ payload: "yes?a=1", userId: "1001_7001", locale: "fr_FR" });
    const started = event("postback", { postback: { payload: "start", referral: { ref: "shop" } } });
    expect((await asked(bot, started, nothing))?.body).toMatchObject({ payload: "start", ref: "shop" });
  });

  it("by the reference alone where a link was followed", async () => {
    const request = await asked(bot, event("referral", { referral: { ref: "promo" } }), nothing);
    expect(request?.body).toEqual({ ref: "promo", userId: "1001_7001", locale: "fr_FR" });
  });

  it("in the words of a button that has no payload", async () => {
    const [message] = await say({ text: "Well?", buttons: [{ type: "quick_reply", title: "Yes, please" }] });
    const [, payload = ""] = /"payload":"([^"]+)"/.exec(JSON.stringify(message)) ?? [];
    const request = await asked(bot, tapped("Yes, please", payload), nothing);
    expect(request?.body).toMatchObject({ query: "Yes, please" });
  });
});

describe("Tock says", () => {
  it("texts", async () => {
    expect(await say({ text: "a", version: "1" }, { text: "b" })).toEqual([{ text: "a" }, { text: "b" }]);
  });

  it("buttons and links, which older versions call actions", async () => {
    const buttons = [
      { type: "postback", title: "Yes", payload: "yes" },
      { type: "web_url", title: "Open", url: "https://example.com/" },
    ];
    const said = buttonTemplate("Well?", postback("Yes", "yes"), {
      type: "web_url",
      title: "Open",
      url: "https://example.com/",
    });
    expect(await say({ text: "Well?", buttons })).toEqual([said]);
    expect(await say({ text: "Well?", actions: buttons })).toEqual([said]);
  });

  it("quick replies with images", async () => {
    const button = {
      type: "quick_reply",
      title: "Yes",
      payload: "yes",
      imageUrl: "https://example.com/y.png",
    };
    expect(await say({ text: "Well?", buttons: [button] })).toEqual([
      { text: "Well?", quick_replies: [{ ...quickReply("Yes", "yes"), image_url: button.imageUrl }] },
    ]);
  });

  it("a card, after its text", async () => {
    const card = {
      title: "Hat",
      subTitle: "Red",
      file: { url: "https://example.com/a", name: "a", type: "image" },
      buttons: [{ type: "postback", title: "Buy", payload: "buy" }],
    };
    expect(await say({ text: "Look", card })).toEqual([
      { text: "Look" },
      cards({
        title: "Hat",
        subtitle: "Red",
        image_url: "https://example.com/a",
        buttons: [postback("Buy", "buy")],
      }),
    ]);
  });

  it("a card's file before it, unless it is an image", async () => {
    const film = { url: "https://example.com/a", name: "a", type: "video" };
    expect(await say({ card: { title: "Hat", subTitle: "Red", file: film } })).toEqual([
      file("video", "https://example.com/a"),
      cards({ title: "Hat", subtitle: "Red" }),
    ]);
    const attached = { url: "https://example.com/a.png", name: "a", type: "attachment" };
    expect(await say({ card: { title: "Hat", file: attached } })).toEqual([
      file("file", "https://example.com/a.png"),
      { text: "Hat" },
    ]);
  });

  it("carousels", async () => {
    const both = [
      { title: "Hat", subTitle: "Red" },
      { title: "Cap", subTitle: "Blue" },
    ];
    expect(await say({ carousel: { cards: both } })).toEqual([
      cards({ title: "Hat", subtitle: "Red" }, { title: "Cap", subtitle: "Blue" }),
    ]);
  });

  it("images, with their title after them", async () => {
    const image = { file: { url: "https://example.com/a.png", name: "a", type: "image" }, title: "A hat" };
    expect(await say({ image })).toEqual([file("image", "https://example.com/a.png"), { text: "A hat" }]);
  });

  it("footnotes, below its text", async () => {
    const footnotes = [
      { identifier: "1", title: "Manual", url: "https://example.com/m", content: "…" },
      { identifier: "2", title: "Letter", url: null },
    ];
    expect(await say({ text: "So it is.", footnotes })).toEqual([
      { text: "So it is.\n\n1. Manual https://example.com/m\n2. Letter" },
    ]);
  });

  it("nothing for widgets and deep links, which are logged", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await say({ text: "a", widget: { type: "map", data: {} }, deepLink: { ref: "x" } })).toEqual([
      { text: "a" },
    ]);
    expect(warned).toHaveBeenCalledWith(
      expect.objectContaining({ at: ["responses[0]: deepLink", "responses[0]: widget"] }),
    );
  });
});
