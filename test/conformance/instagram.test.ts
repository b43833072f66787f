import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import type { Json } from "./support/simulator.ts";
import { INSTAGRAM, PAGE, startWorld, type World } from "./support/world.ts";

/** What is different where people write on Instagram. */

let world: World;
beforeAll(async () => {
  world = await startWorld({ [INSTAGRAM]: { persona_id: "77", human_agent: true } });
  await world.meta.page(PAGE, { instagram_id: INSTAGRAM });
});
afterAll(() => world.end());

describe("Instagram", () => {
  it("a text goes in, the answer comes out, under the account's id", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.getsAnswer([{ text: "Hi" }]);
    expect(await ada.seesOne()).toMatchObject({ text: "Hi" });
    expect(ada.requests()[0]?.conversation).toMatchObject({ platform: "instagram", page_id: INSTAGRAM });
    expect(await ada.settled()).toMatchObject({ source: "instagram", state: "sent" });
  });

  it("a text is limited to 1000 bytes, and a longer one goes as several", async () => {
    const ada = world.person(INSTAGRAM);
    const text = "größer ".repeat(300).trim();
    await ada.getsAnswer([{ text }]);
    const seen = await ada.sees(3);
    expect(seen.map((one) => one.text).join(" ")).toBe(text);
    for (const one of seen) expect(Buffer.byteLength(one.text ?? "")).toBeLessThanOrEqual(1000);
  });

  it("a read receipt names a message and makes it read", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.getsAnswer([{ text: "Hi" }]);
    const { source_id } = await ada.settled();
    expect(await ada.tells({ read: {} })).toMatchObject({ type: "read", raw: { read: { mid: source_id } } });
    await ada.message(0, ({ state }) => state === "read");
  });

  it("a message that is taken back is unsend, and its words are gone", async () => {
    const ada = world.person(INSTAGRAM);
    const { id: mid } = await ada.tells({ text: "a secret" });
    expect(await ada.tells({ unsend: { mid } })).toMatchObject({ type: "unsend" });
    expect(JSON.stringify(await ada.messages())).not.toContain("a secret");
  });

  it("an answer to a story, and a mention in one, are messages", async () => {
    const ada = world.person(INSTAGRAM);
    const story = { id: "9001", url: "https://example.com/story" };
    expect(await ada.tells({ text: "Nice", reply_to: { story } })).toMatchObject({
      type: "message",
      raw: { message: { reply_to: { story } } },
    });
    const attachment = { type: "story_mention", payload: { url: "https://example.com/story" } };
    expect(await ada.tells({ attachment })).toMatchObject({ type: "message" });
  });

  it("has no personas: the page's is left out, a bot's own is refused with the path", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.getsAnswer([{ text: "Hi" }]);
    expect(await ada.seesOne()).not.toHaveProperty("persona");
    const { body } = await ada.sent({ message: { persona_id: "77", message: { text: "Hi" } } });
    expect(body).toMatchObject({ code: "invalid_message", path: "message.persona_id" });
  });

  const shown: Json[] = [
    { template_type: "generic", elements: [{ title: "Lamp", subtitle: "It shines" }] },
    { template_type: "button", text: "Which?", buttons: [{ type: "postback", title: "A", payload: "A" }] },
    { template_type: "product", elements: [{ id: "8001" }] },
  ];
  for (const payload of shown) {
    it(`has the template ${payload["template_type"]}`, async () => {
      const ada = world.person(INSTAGRAM);
      await ada.getsAnswer([{ attachment: { type: "template", payload } }]);
      expect(await ada.seesOne()).toMatchObject({ attachment: { payload } });
    });
  }

  it("lacks other templates, and the path says so", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.tells({ text: "Hello" });
    for (const template_type of ["media", "receipt", "coupon", "customer_feedback", "one_time_notif_req"]) {
      const { body } = await ada.sent({
        message: { attachment: { type: "template", payload: { template_type } } },
      });
      expect(body).toMatchObject({
        code: "invalid_message",
        path: "message.attachment.payload.template_type",
      });
    }
  });

  it("shows hearts, which are an attachment there", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.getsAnswer([{ attachment: { type: "like_heart" } }]);
    expect(await ada.seesOne()).toMatchObject({ attachment: { type: "like_heart" } });
  });

  it("takes quick replies and reactions", async () => {
    const ada = world.person(INSTAGRAM);
    const { id: message_id } = await ada.tells({ text: "Hello" });
    const quick_replies = [{ content_type: "text", title: "Red", payload: "RED" }];
    await ada.sent({ message: { text: "Choose", quick_replies } });
    expect(await ada.seesOne()).toMatchObject({ quick_replies });
    const payload = { message_id, reaction: "love" };
    await ada.sent({ message: { sender_action: "react", payload } });
    await eventually(async () =>
      expect((await ada.thread()).messages[0]).toMatchObject({ reaction: { reaction: "love" } }),
    );
  });

  it("lets a person write for seven days, too", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.tells({ text: "Hello", timestamp: Date.now() - 48 * 3_600_000 });
    expect(await ada.sent({ message: { text: "Hi" } }, "operator")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject({ text: "Hi" });
  });

  it("a comment is a change of the field comments", async () => {
    const ada = world.person(INSTAGRAM);
    const { event } = await ada.acts({ comment: { message: "How much?" } });
    await eventually(() =>
      expect(world.bot.eventsOf(`${INSTAGRAM}_page`)).toContainEqual(
        expect.objectContaining({ type: "change", raw: event }),
      ),
    );
  });

  it("tells a person's username", async () => {
    const ada = world.person(INSTAGRAM);
    await world.meta.person(ada.id, { username: "ada.abel", first_name: "Ada", last_name: "Abel" });
    await ada.tells({ text: "Hello" });
    expect(ada.requests()[0]?.conversation.profile).toMatchObject({ username: "ada.abel" });
  });
});
