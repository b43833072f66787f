import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, type World } from "./support/world.ts";

/** What people write, and what becomes of it: the bot's to know, and on record. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

const about = (info: Record<string, unknown>) => info["about"] as Record<string, unknown>;

describe("messages", () => {
  it("text is a message, on record and seen by the bot", async () => {
    const ada = world.person();
    const { mid, event } = await ada.acts({ text: "Hello" });
    expect(await ada.told(event)).toMatchObject({ id: mid, type: "message" });
    expect(await ada.messages()).toMatchObject([
      { id: mid, from_contact: true, content: event, sender: { id: ada.id } },
    ]);
  });

  it("a quick reply is a message with its payload", async () => {
    const event = await world.person().tells({ quick_reply: { title: "Red", payload: "RED" } });
    expect(event).toMatchObject({
      type: "message",
      raw: { message: { text: "Red", quick_reply: { payload: "RED" } } },
    });
  });

  const attachments = [
    { type: "image", url: "https://example.com/a.png" },
    { type: "video", url: "https://example.com/a.mp4" },
    { type: "audio", url: "https://example.com/a.aac" },
    { type: "file", url: "https://example.com/a.pdf" },
    { type: "reel", payload: { url: "https://example.com/reel", title: "A reel" } },
    { type: "ig_reel", payload: { url: "https://example.com/reel", reel_video_id: "5002" } },
    { type: "story_mention", payload: { url: "https://example.com/story" } },
    { type: "share", payload: { url: "https://example.com/share" } },
    { type: "fallback", title: "A page", url: "https://example.com/", payload: null },
    { type: "template", payload: { template_type: "generic", elements: [{ title: "Lamp" }] } },
    { type: "location", payload: { coordinates: { lat: 48.2, long: 16.4 } } },
    { type: "appointment_booking", payload: { booking_id: "7", status: "requested" } },
    { type: "hologram", payload: { depth: 3 } },
  ];
  for (const attachment of attachments) {
    it(`an attachment of type ${attachment.type} comes as Meta has it`, async () => {
      const ada = world.person();
      const event = await ada.tells({ attachment });
      expect(event).toMatchObject({
        type: "message",
        raw: { message: { attachments: [{ type: attachment.type }] } },
      });
      expect((await ada.messages())[0]?.content).toEqual(event.raw);
    });
  }

  it("a sticker and the like button come with their id", async () => {
    const event = await world.person().tells({ sticker: "369239263222822" });
    expect(event).toMatchObject({ type: "message", raw: { message: { sticker_id: 369239263222822 } } });
  });

  it("several images are one message", async () => {
    const image = (name: string) => ({ type: "image", url: `https://example.com/${name}` });
    const event = await world.person().tells({ attachments: [image("a"), image("b")] });
    expect(event.raw).toMatchObject({ message: { attachments: [{ type: "image" }, { type: "image" }] } });
  });

  it("an answer to a message names it", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "Hello" });
    const event = await ada.tells({ text: "I mean it", reply_to: { mid } });
    expect(event).toMatchObject({ type: "message", raw: { message: { reply_to: { mid } } } });
  });

  it("a referral inside a message is noted", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hi", referral: { ref: "ad-7", source: "ADS", ad_id: "6001" } });
    await ada.knows((info) =>
      expect(about(info)["referral"]).toMatchObject({ ref: "ad-7", source: "ADS", ad_id: "6001" }),
    );
  });

  it("what Meta's language analysis says comes along", async () => {
    const nlp = { traits: { wit$greetings: [{ value: "true", confidence: 0.99 }] } };
    expect((await world.person().tells({ text: "Hello", nlp })).raw).toMatchObject({ message: { nlp } });
  });

  it("a command comes with its name", async () => {
    const commands = [{ name: "flights" }];
    const event = await world.person().tells({ text: "flights tomorrow", commands });
    expect(event).toMatchObject({ type: "message", raw: { message: { commands } } });
  });

  it("what Meta can't show is a message all the same", async () => {
    const event = await world.person().tells({ text: "?", is_unsupported: true });
    expect(event).toMatchObject({ type: "message", raw: { message: { is_unsupported: true } } });
  });
});

describe("what becomes of messages", () => {
  it("one that is taken back is unsend to the bot, and its words are gone", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "a secret" });
    expect(await ada.tells({ unsend: { mid } })).toMatchObject({ type: "unsend" });
    const [message] = await ada.messages();
    expect(message?.metadata["unsent_at"]).toEqual(expect.any(String));
    expect(JSON.stringify(message)).not.toContain("a secret");
  });

  it("an edit has the new text, and the message keeps both", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "Helo" });
    const event = await ada.tells({ edit: { mid, text: "Hello" } });
    expect(event).toMatchObject({ type: "message_edit", raw: { message_edit: { mid, num_edit: 1 } } });
    const [message] = await ada.messages();
    expect(message?.content).toMatchObject({ message: { text: "Helo" } });
    expect(message?.metadata["edits"]).toMatchObject([{ text: "Hello", count: 1 }]);
  });

  it("a reaction is the bot's to know and stays with the message", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }]);
    const { source_id: mid } = await ada.settled();
    const event = await ada.tells({ reaction: { mid, reaction: "love", emoji: "❤" } });
    expect(event).toMatchObject({ type: "reaction", raw: { reaction: { mid, action: "react" } } });
    const { metadata } = await ada.message(0, (one) => one.metadata["reactions"] !== undefined);
    expect(metadata["reactions"]).toMatchObject({ user: { reaction: "love", emoji: "❤" } });
  });

  it("a reaction that is taken back no longer stands", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "Hello" });
    await ada.tells({ reaction: { mid, reaction: "smile" } });
    await ada.tells({ reaction: { mid, action: "unreact" } });
    const [message] = await ada.messages();
    expect(message?.metadata["reactions"]).toMatchObject({ user: { reaction: null, emoji: null } });
  });

  it("a delivery receipt makes what was sent delivered, by its mids", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }]);
    const { source_id: mid } = await ada.settled();
    const event = await ada.tells({ delivery: { mids: [mid] } });
    expect(event.type).toBe("delivery");
    await ada.message(0, ({ state }) => state === "delivered");
  });

  it("a delivery receipt with a watermark alone covers everything before it", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "one" }, { text: "two" }]);
    await ada.message(1, ({ state }) => state === "sent");
    expect(await ada.posts({ delivery: { watermark: Date.now() } })).toMatchObject({ type: "delivery" });
    await ada.message(0, ({ state }) => state === "delivered");
    await ada.message(1, ({ state }) => state === "delivered");
  });

  it("a read receipt makes what was sent read", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }]);
    await ada.message(0, ({ state }) => state === "sent");
    expect(await ada.tells({ read: {} })).toMatchObject({ type: "read" });
    await ada.message(0, ({ state }) => state === "read");
    await ada.knows((info) => expect(info["read_at"]).toEqual(expect.any(String)));
  });
});
