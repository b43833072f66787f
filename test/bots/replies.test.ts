import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Choice } from "../../src/bots/choices.ts";
import { cut } from "../../src/bots/cutting.ts";
import { bodiesOf, fileTypeOf, type Reply } from "../../src/bots/replies.ts";
import { buttonTemplate, cards, file, postback, quickReply } from "./deliveries.ts";

const OPTIONS = { platform: "messenger", split: true } as const;

function said(...replies: Reply[]): unknown[] {
  const placed = replies.map((reply, index) => ({ reply, path: `[${index}]` }));
  const made = bodiesOf(placed, OPTIONS);
  if (made.kind !== "bodies") throw new Error(JSON.stringify(made));
  return made.bodies.map((body) => body["message"]);
}

const answer = (name: string, isQuick = false): Choice => ({
  kind: "answer",
  title: name,
  payload: `/${name}`,
  isQuick,
});
const numbered = (count: number, isQuick = false) =>
  Array.from({ length: count }, (_, index) => answer(`${index + 1}`, isQuick));
const link = (url: string): Choice => ({ kind: "link", title: "Open", url });
const text = (words: string, ...choices: Choice[]): Reply => ({ kind: "text", text: words, choices });

describe("a text with choices", () => {
  it("has up to three of them as buttons", () => {
    expect(said(text("Well?", answer("yes"), link("https://example.com/")))).toEqual([
      buttonTemplate("Well?", postback("yes", "/yes"), {
        type: "web_url",
        title: "Open",
        url: "https://example.com/",
      }),
    ]);
  });

  it("has up to thirteen as quick replies", () => {
    const [message] = said(text("Well?", ...numbered(13)));
    expect(message).toMatchObject({ text: "Well?" });
    expect(message).toHaveProperty("quick_replies.length", 13);
  });

  it("has them as quick replies when the text is too long for buttons", () => {
    const long = "x".repeat(641);
    expect(said(text(long, answer("yes")))).toEqual([
      { text: long, quick_replies: [quickReply("yes", "/yes")] },
    ]);
  });

  it("has those that are meant as quick replies beside buttons, or alone", () => {
    expect(said(text("Well?", answer("yes", true)))).toEqual([
      { text: "Well?", quick_replies: [quickReply("yes", "/yes")] },
    ]);
    expect(said(text("Well?", answer("yes", true), answer("no")))).toEqual([
      { ...buttonTemplate("Well?", postback("no", "/no")), quick_replies: [quickReply("yes", "/yes")] },
    ]);
  });

  it("has more than thirteen on cards of three, after the text", () => {
    const three = (first: number) => [0, 1, 2].map((step) => postback(`${first + step}`, `/${first + step}`));
    expect(said(text("Well?", ...numbered(16, true)))).toEqual([
      { text: "Well?" },
      cards(
        ...[1, 4, 7, 10, 13].map((first) => ({ title: `${first}–${first + 2}`, buttons: three(first) })),
        { title: "16", buttons: [postback("16", "/16")] },
      ),
    ]);
  });

  it("has them on cards, too, when there are more than three and links among them", () => {
    const messages = said(text("Well?", ...numbered(3), link("https://example.com/")));
    expect(messages).toMatchObject([
      { text: "Well?" },
      { attachment: { payload: { elements: [{ title: "1–3" }, { title: "4" }] } } },
    ]);
  });

  it("goes before its links when it is too long to be with them", () => {
    const long = "x".repeat(641);
    expect(said(text(long, link("https://example.com/")))).toMatchObject([
      { text: long },
      { attachment: { payload: { template_type: "button", text: "…" } } },
    ]);
  });

  it("writes down links that a button can't open", () => {
    expect(said(text("Write us", link("mailto:a@example.com"), answer("later")))).toEqual([
      buttonTemplate("Write us\nOpen: mailto:a@example.com", postback("later", "/later")),
    ]);
  });

  it("has titles cut to twenty characters, and the payload where there is none", () => {
    const untitled: Choice = { kind: "answer", title: " ", payload: "/start", isQuick: false };
    expect(said(text("Well?", answer("a title that is too long"), untitled))).toEqual([
      buttonTemplate(
        "Well?",
        postback("a title that is too…", "/a title that is too long"),
        postback("/start", "/start"),
      ),
    ]);
  });

  it("has an ellipsis for a text where Meta demands one", () => {
    expect(said(text("", answer("yes")))).toEqual([buttonTemplate("…", postback("yes", "/yes"))]);
  });

  it("loses no choice and always has a form that Meta documents", () => {
    const choice = fc.oneof(
      fc.record({
        kind: fc.constant("answer" as const),
        title: fc.string({ unit: "grapheme", maxLength: 40 }),
        payload: fc.uuid(),
        isQuick: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant("link" as const),
        title: fc.string({ unit: "grapheme", maxLength: 40 }),
        url: fc.uuid().map((id) => `https://example.com/${id}`),
      }),
    );
    const words = fc.string({ unit: "grapheme", maxLength: 900 });
    fc.assert(
      fc.property(words, fc.array(choice, { maxLength: 40 }), (written, choices) => {
        const all = JSON.stringify(said(text(written, ...choices)));
        for (const one of choices) {
          const mark = one.kind === "link" ? one.url : one.payload;
          expect(all.split(mark)).toHaveLength(2);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("cards", () => {
  const card = (title: string) => ({ title, subtitle: "more", choices: [] });
  const deck = (...all: Extract<Reply, { kind: "cards" }>["cards"]): Reply => ({ kind: "cards", cards: all });

  it("have a title, subtitle, picture, link and buttons", () => {
    const full = {
      title: "Hat",
      subtitle: "Red",
      imageUrl: "https://example.com/hat.png",
      link: "https://example.com/hat",
      choices: [answer("buy")],
    };
    expect(said(deck(full))).toEqual([
      cards({
        title: "Hat",
        subtitle: "Red",
        image_url: full.imageUrl,
        default_action: { type: "web_url", url: full.link },
        buttons: [postback("buy", "/buy")],
      }),
    ]);
  });

  it("of more than ten go out in several messages", () => {
    const messages = said(deck(...Array.from({ length: 21 }, (_, index) => card(`${index}`))));
    expect(messages).toHaveLength(3);
  });

  it("with more than three buttons become several of the same title", () => {
    expect(said(deck({ title: "Hat", choices: numbered(4) }))).toMatchObject([
      {
        attachment: {
          payload: { elements: [{ title: "Hat" }, { title: "Hat", buttons: [{ title: "4" }] }] },
        },
      },
    ]);
  });

  it("with words or a picture alone are messages of their own, in their place", () => {
    expect(
      said(
        deck(
          card("a"),
          { title: "alone", choices: [] },
          { imageUrl: "https://example.com/a.png", choices: [] },
          card("b"),
        ),
      ),
    ).toEqual([
      cards({ title: "a", subtitle: "more" }),
      { text: "alone" },
      file("image", "https://example.com/a.png"),
      cards({ title: "b", subtitle: "more" }),
    ]);
  });

  it("have their words cut to eighty characters", () => {
    const [message] = said(deck({ title: "t".repeat(90), subtitle: "s".repeat(90), choices: [] }));
    expect(message).toEqual(cards({ title: `${"t".repeat(79)}…`, subtitle: `${"s".repeat(79)}…` }));
  });

  it("have a subtitle or an ellipsis in place of a title", () => {
    expect(
      said(deck({ subtitle: "Red", choices: [answer("buy")] }, { choices: [answer("buy")] })),
    ).toMatchObject([{ attachment: { payload: { elements: [{ title: "Red" }, { title: "…" }] } } }]);
  });

  it("have addresses that Meta can't open written after them", () => {
    expect(said(deck({ ...card("a"), imageUrl: "images/a.png" }))).toEqual([
      cards({ title: "a", subtitle: "more" }),
      { text: "images/a.png" },
    ]);
  });
});

describe("other replies", () => {
  it("a file goes out as one, with its title after it", () => {
    const reply: Reply = { kind: "file", type: "image", url: "https://example.com/a.png", title: "A hat" };
    expect(said(reply)).toEqual([file("image", "https://example.com/a.png"), { text: "A hat" }]);
  });

  it("a file that Meta can't fetch is written down", () => {
    expect(said({ kind: "file", type: "image", url: "images/a.png", title: "A hat" })).toEqual([
      { text: "A hat: images/a.png" },
    ]);
  });

  it("a place goes out as its name, its address and a link to a map", () => {
    const reply: Reply = {
      kind: "location",
      latitude: 52.5,
      longitude: -13.4,
      title: "Here",
      address: "Street 1",
    };
    expect(said(reply)).toEqual([
      { text: "Here\nStreet 1\nhttps://www.google.com/maps/search/?api=1&query=52.5%2C-13.4" },
    ]);
  });
});

it("the kind of a file is told by the ending of its address", () => {
  expect(
    ["https://a.example/b.PNG?x=1", "https://a.example/b.mp4#t", "/b.ogg", "https://a.example/b"].map(
      fileTypeOf,
    ),
  ).toEqual(["image", "video", "audio", "file"]);
});

describe("cutting", () => {
  it("never cuts a grapheme and says that it has cut", () => {
    const family = "👨‍👩‍👧‍👦";
    expect(cut(`${"x".repeat(15)}${family}`, 20)).toBe(`${"x".repeat(15)}…`);
  });

  it("leaves what fits and keeps within the limit whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (words, maximum) => {
        const short = cut(words, maximum);
        expect(short.length).toBeLessThanOrEqual(maximum);
        if (words.trim().length <= maximum) expect(short).toBe(words.trim());
      }),
    );
  });
});
