import { describe, expect, it } from "vitest";
import { asksIn, wordsAndPictures } from "../../src/bots/asks.ts";
import { event, tapped, written } from "./deliveries.ts";

const askOf = (...events: Parameters<typeof asksIn>[0]) => asksIn(events)[0];
const message = (fields: object) => event("message", { message: { mid: "m_1", ...fields } });
const attached = (...attachments: object[]) => message({ attachments });

describe("what a user did is asked about", () => {
  it("as the text that was written", () => {
    expect(askOf(written("Grüß 🚀"))).toMatchObject({ text: "Grüß 🚀", payload: undefined, attachments: [] });
  });

  it("with the payload of a quick reply beside its title", () => {
    const one = message({ text: "Yes", quick_reply: { payload: "/affirm" } });
    expect(askOf(one)).toMatchObject({ text: "Yes", payload: "/affirm" });
  });

  it("with the payload of a button beside its title, and how the user came", () => {
    const one = event("postback", {
      postback: { title: "Start", payload: "/start", referral: { ref: "shop" } },
    });
    expect(askOf(one)).toMatchObject({ text: "Start", payload: "/start", referral: { ref: "shop" } });
  });

  it("as the reference of a link that was followed", () => {
    const one = event("referral", { referral: { ref: "/promo", source: "SHORTLINK" } });
    expect(askOf(one)).toMatchObject({ text: "/promo", referral: { ref: "/promo", source: "SHORTLINK" } });
  });

  it("as the addresses of attachments, a line each after the text", () => {
    const one = message({
      text: "Look",
      attachments: [
        { type: "image", payload: { url: "https://cdn.example/a.png" } },
        { type: "audio", payload: { url: "https://cdn.example/b.mp4" } },
      ],
    });
    expect(askOf(one)).toMatchObject({
      text: "Look\nhttps://cdn.example/a.png\nhttps://cdn.example/b.mp4",
      attachments: [
        { type: "image", url: "https://cdn.example/a.png" },
        { type: "audio", url: "https://cdn.example/b.mp4" },
      ],
    });
  });

  it("by the address of our own copy of an attachment, where there is one", () => {
    const [media] = [{ index: 0, type: "image", url: "https://gateway.example/media/1" }];
    const one = {
      ...attached({ type: "image", payload: { url: "https://cdn.example/a.png" } }),
      media: [media],
    };
    expect(askOf(one)).toMatchObject({ text: media.url, attachments: [{ type: "image", url: media.url }] });
  });

  it("as a geo URI where a place was sent", () => {
    const one = attached({ type: "location", payload: { coordinates: { lat: 52.5, long: -13.4 } } });
    expect(askOf(one)).toMatchObject({
      text: "geo:52.5,-13.4",
      attachments: [{ type: "location", latitude: 52.5, longitude: -13.4 }],
    });
  });

  it("without repeating a link as its preview", () => {
    const preview = { type: "fallback", title: "Example", url: "https://l.example/?u=1" };
    expect(askOf(message({ text: "See https://example.com", attachments: [preview] }))).toMatchObject({
      text: "See https://example.com",
      attachments: [preview],
    });
    expect(askOf(attached(preview))?.text).toBe(preview.url);
  });

  it("by the kind of what has no address, and never with nothing", () => {
    expect(askOf(attached({ type: "appointment" }))?.text).toBe("[appointment]");
    expect(askOf(message({ is_unsupported: true }))?.text).toBe("[unsupported]");
    expect(askOf(event("postback", { postback: {} }))?.text).toBe("[postback]");
  });
});

it("is told to those who can look at pictures as text and pictures", () => {
  const picture = { type: "image", payload: { url: "https://cdn.example/a.png" } };
  const sticker = { type: "sticker", payload: { url: "https://cdn.example/s.png" } };
  const told = (fields: object) => asksIn([message(fields)]).map(wordsAndPictures);
  expect(
    told({ text: "Look", attachments: [picture, { type: "appointment" }, sticker, { type: "image" }] }),
  ).toEqual([
    {
      text: "Look\n[appointment]\n[image]",
      pictures: ["https://cdn.example/a.png", "https://cdn.example/s.png"],
    },
  ]);
  expect(told({ attachments: [picture] })).toEqual([{ text: "", pictures: ["https://cdn.example/a.png"] }]);
  expect(told({ is_unsupported: true })).toEqual([{ text: "[unsupported]", pictures: [] }]);
});

describe("nothing is asked about", () => {
  it("receipts, reactions, echoes and other events that are no turn of the user's", () => {
    for (const type of [
      "delivery",
      "read",
      "reaction",
      "echo",
      "unsend",
      "message_edit",
      "optin",
      "unknown",
    ]) {
      expect(asksIn([event(type, { message: { mid: "m_1", text: "Hi" } })])).toEqual([]);
    }
  });

  it("a link without a reference: who followed it has said nothing yet", () => {
    expect(asksIn([event("referral", { referral: { source: "ADS", ad_id: "6" } })])).toEqual([]);
  });

  it("what another app is to answer", () => {
    expect(asksIn([{ ...written("Hi"), isStandby: true }])).toEqual([]);
  });
});

it("keeps each event's place in the delivery, whatever else was in it", () => {
  const places = asksIn([event("read", {}), written("a"), event("read", {}), tapped("b", "B")]);
  expect(places.map(({ place, id }) => [place, id])).toEqual([
    [2, "m_a"],
    [4, "m_postback"],
  ]);
});

it("reads events of odd shapes without failing", () => {
  for (const raw of [
    {},
    { message: null },
    { message: { attachments: [null, 7, { payload: 3 }] } },
    { message: [] },
  ]) {
    expect(() => asksIn([event("message", raw)])).not.toThrow();
  }
});
