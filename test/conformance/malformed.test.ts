import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import type { Json } from "./support/simulator.ts";
import { OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** What Meta would refuse is refused before it costs a call, and where it is wrong is said. */

const [UNSPLIT] = OTHER_PAGES;
let world: World;
let ada: Person;
beforeAll(async () => {
  world = await startWorld({ [UNSPLIT]: { split_text: false } });
  ada = world.person();
  await ada.tells({ text: "Hello" });
});
afterAll(() => world.end());

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const reply = { content_type: "text", title: "Red", payload: "RED" };
const button = { type: "postback", title: "Yes", payload: "YES" };
const card = { title: "Lamp", subtitle: "It shines" };
const template = (template_type: string, payload: Json) => ({
  attachment: { type: "template", payload: { template_type, ...payload } },
});
const generic = (element: Json) => template("generic", { elements: [element] });
const image = { type: "image", payload: { url: "https://example.com/a.png" } };
const PAYLOAD = "attachment.payload";
const ELEMENT = `${PAYLOAD}.elements[0]`;

/** What is wrong, a message with it, and where that is, below `message`. */
const MISTAKES: [what: string, message: unknown, path: string][] = [
  ["no message at all", "Hi", ""],
  ["nothing said", {}, ""],
  ["an empty text", { text: " " }, "text"],
  ["a text and an attachment", { text: "Hi", attachment: image }, ""],
  ["14 quick replies", { text: "Hi", quick_replies: times(14, reply) }, "quick_replies"],
  ["no quick replies in the list", { text: "Hi", quick_replies: [] }, "quick_replies"],
  [
    "a quick reply of no known kind",
    { text: "Hi", quick_replies: [{ ...reply, content_type: "location" }] },
    "quick_replies[0].content_type",
  ],
  [
    "a quick reply's title of 21 characters",
    { text: "Hi", quick_replies: [reply, { ...reply, title: "x".repeat(21) }] },
    "quick_replies[1].title",
  ],
  [
    "a quick reply's payload of 1001 characters",
    { text: "Hi", quick_replies: [{ ...reply, payload: "x".repeat(1001) }] },
    "quick_replies[0].payload",
  ],
  ["metadata of 901 characters", { text: "Hi", metadata: "x".repeat(901) }, "metadata"],
  ["a reply to no message", { text: "Hi", reply_to: {} }, "reply_to.mid"],
  ["an attachment of no known type", { attachment: { type: "hologram" } }, "attachment.type"],
  [
    "an address that is none of the web",
    { attachment: { type: "image", payload: { url: "file:///a.png" } } },
    "attachment.payload.url",
  ],
  ["an attachment without source", { attachment: { type: "video", payload: {} } }, "attachment.payload"],
  [
    "an attachment with two sources",
    { attachment: { type: "file", payload: { url: "https://example.com/a.pdf", attachment_id: "1" } } },
    "attachment.payload",
  ],
  ["31 images", { attachments: times(31, image) }, "attachments"],
  [
    "several attachments that are no images",
    { attachments: [image, { ...image, type: "video" }] },
    "attachments[1].type",
  ],
  ["11 cards", template("generic", { elements: times(11, card) }), `${PAYLOAD}.elements`],
  ["a card with nothing but its title", generic({ title: "Lamp" }), ELEMENT],
  ["a card's title of 81 characters", generic({ ...card, title: "x".repeat(81) }), `${ELEMENT}.title`],
  ["a subtitle of 81 characters", generic({ ...card, subtitle: "x".repeat(81) }), `${ELEMENT}.subtitle`],
  ["4 buttons", generic({ ...card, buttons: times(4, button) }), `${ELEMENT}.buttons`],
  [
    "a button's title of 21 characters",
    generic({ ...card, buttons: [{ ...button, title: "x".repeat(21) }] }),
    `${ELEMENT}.buttons[0].title`,
  ],
  [
    "a button's payload of 1001 characters",
    generic({ ...card, buttons: [button, { ...button, payload: "x".repeat(1001) }] }),
    `${ELEMENT}.buttons[1].payload`,
  ],
  [
    "a button of no known type",
    generic({ ...card, buttons: [{ type: "share", title: "Share" }] }),
    `${ELEMENT}.buttons[0].type`,
  ],
  [
    "a phone number without country code",
    generic({ ...card, buttons: [{ type: "phone_number", title: "Call", payload: "5550100" }] }),
    `${ELEMENT}.buttons[0].payload`,
  ],
  [
    "a button template's text of 641 characters",
    template("button", { text: "x".repeat(641), buttons: [button] }),
    `${PAYLOAD}.text`,
  ],
  ["a button template without buttons", template("button", { text: "Hi" }), `${PAYLOAD}.buttons`],
  [
    "two media in one template",
    template("media", { elements: times(2, { media_type: "image", attachment_id: "1" }) }),
    `${PAYLOAD}.elements`,
  ],
  [
    "a receipt without its total",
    template("receipt", {
      recipient_name: "Ada",
      order_number: "7",
      currency: "EUR",
      payment_method: "Card",
      summary: {},
    }),
    `${PAYLOAD}.summary.total_cost`,
  ],
  ["a coupon without code and address", template("coupon", { title: "Ten off" }), PAYLOAD],
  ["11 products", template("product", { elements: times(11, { id: "1" }) }), `${PAYLOAD}.elements`],
  [
    "a notification request without payload",
    template("one_time_notif_req", { title: "Lamp" }),
    `${PAYLOAD}.payload`,
  ],
];

/** The same of whole Send API bodies. */
const BODIES: [what: string, body: Json, path: string][] = [
  ["a messaging_type of no known kind", { messaging_type: "NOW", message: { text: "Hi" } }, "messaging_type"],
  ["a notification_type of no known kind", { notification_type: "LOUD", message: {} }, "notification_type"],
  ["two recipients", { recipient: { id: "1", user_ref: "2" }, message: { text: "Hi" } }, "recipient"],
  ["a text beside its message", { text: "Hi", message: { text: "Hi" } }, "text"],
  ["an action with a message", { sender_action: "typing_on", message: { text: "Hi" } }, "sender_action"],
  ["an action of no known kind", { sender_action: "wave" }, "sender_action"],
  ["a reaction to nothing", { sender_action: "react", payload: { reaction: "love" } }, "payload.message_id"],
  ["a mistake inside the message", { message: { attachment: { type: "x" } } }, "message.attachment.type"],
];

describe("/messages.send refuses with the path", () => {
  for (const [what, message, path] of [...MISTAKES, ...BODIES]) {
    it(`of ${what}`, async () => {
      const { status, body } = await ada.sent({ message });
      const whole = path === "" ? "message" : `message.${path}`;
      expect({ status, code: body["code"], path: body["path"] }).toEqual({
        status: 400,
        code: "invalid_message",
        path: whole,
      });
    });
  }

  it("of one among several, and none of them goes", async () => {
    const { status, body } = await ada.sent({ messages: [{ text: "fine" }, { text: "" }] });
    expect([status, body["path"]]).toEqual([400, "messages[1].text"]);
    expect(await ada.seen()).toEqual([]);
  });

  it("of a long text on a page that has texts not split", async () => {
    const ben = world.person(UNSPLIT);
    await ben.tells({ text: "Hello" });
    const { status, body } = await ben.sent({ message: { text: "x".repeat(2001) } });
    expect([status, body["path"]]).toEqual([400, "message.text"]);
  });
});

describe("a bot's answer", () => {
  it("with a message that can't be sent is a dead letter that names the path, and nothing of it goes", async () => {
    const ben = world.person();
    ben.botAnswers({ messages: [{ text: "fine" }, { text: "Hi", quick_replies: times(14, reply) }] });
    await ben.tells({ text: "Hello" });
    await eventually(async () => {
      const { body } = await world.call("/deliveries.list", { page_id: PAGE });
      const letters = body["data"] as { conversation_id: string; reason: string }[];
      const letter = letters.find(({ conversation_id }) => conversation_id === ben.conversation);
      expect(letter?.reason).toContain("messages[1].quick_replies");
    });
    expect(await ben.seen()).toEqual([]);
  });

  it("that can't be sent holds up nothing that follows", async () => {
    const ben = world.person();
    await ben.getsAnswer([{ attachment: { type: "hologram" } }]);
    await ben.getsAnswer([{ text: "Better" }]);
    expect(await ben.seesOne()).toMatchObject({ text: "Better" });
  });
});
