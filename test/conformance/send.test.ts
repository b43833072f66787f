import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "./support/simulator.ts";
import { PAGE, startWorld, type World } from "./support/world.ts";

/** Every form of message, as the bot's answer: the person sees it as it was meant. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

const URL_OF = { image: "a.png", video: "a.mp4", audio: "a.aac", file: "a.pdf" };

async function seenOf(message: unknown) {
  const ada = world.person();
  await ada.getsAnswer([message]);
  const seen = await ada.seesOne();
  expect(await ada.settled()).toMatchObject({ source_id: seen.mid, sender: { kind: "bot" } });
  return seen;
}

const template = (payload: Json) => ({ attachment: { type: "template", payload } });
const card = { title: "Lamp", subtitle: "It shines" };
const upload = async (type: keyof typeof URL_OF, is_reusable = true) => {
  const url = `https://example.com/uploads/${URL_OF[type]}`;
  const body = { page_id: PAGE, type, url, is_reusable };
  return (await world.call("/attachments.upload", body)).body["attachment_id"];
};

describe("texts", () => {
  it("a text of 2000 characters goes as it is", async () => {
    expect((await seenOf({ text: "ä".repeat(2000) })).text).toBe("ä".repeat(2000));
  });

  it("a longer one goes as several, cut between words, with quick replies under the last", async () => {
    const ada = world.person();
    const text = "word ".repeat(900).trim();
    const quick_replies = [{ content_type: "text", title: "Go on", payload: "GO" }];
    await ada.getsAnswer([{ text, quick_replies }]);
    const seen = await ada.sees(3);
    expect(seen.map((one) => one.text).join(" ")).toBe(text);
    expect(seen.map((one) => "quick_replies" in one)).toEqual([false, false, true]);
  });

  it("several messages come in the order of the answer", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "one" }, { text: "two" }, { text: "three" }]);
    expect((await ada.sees(3)).map(({ text }) => text)).toEqual(["one", "two", "three"]);
  });

  it("13 quick replies go along, also those for phone number and email", async () => {
    const numbered = Array.from({ length: 11 }, (_, at) => ({
      content_type: "text",
      title: `Choice ${at}`,
      payload: `${at}`,
    }));
    const quick_replies = [
      { content_type: "user_phone_number" },
      { content_type: "user_email" },
      ...numbered,
    ];
    expect(await seenOf({ text: "Choose", quick_replies })).toMatchObject({ quick_replies });
  });

  it("an answer to a message shows which", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "First" });
    await ada.getsAnswer([{ text: "To the first", reply_to: { mid } }]);
    expect(await ada.seesOne()).toMatchObject({ reply_to: { mid } });
  });

  it("metadata of the bot's own stands behind the gateway's mark, and comes back in the echo", async () => {
    const { metadata } = await seenOf({ text: "Hi", metadata: "order 7" });
    expect(metadata).toMatch(/^mg1\.\d+\.0\.\w{8} order 7$/);
  });

  it("a persona writes under its name", async () => {
    const persona = { name: "Ada of the shop", profile_picture_url: "https://example.com/ada.png" };
    const { body } = await world.call("/personas.create", { page_id: PAGE, ...persona }, "admin");
    const seen = await seenOf({ persona_id: body["id"], message: { text: "Hi" } });
    expect(seen).toMatchObject({ persona: { name: "Ada of the shop" } });
  });

  it("messaging_type UPDATE and notification_type go along", async () => {
    const body = { messaging_type: "UPDATE", notification_type: "NO_PUSH", message: { text: "Shipped" } };
    expect(await seenOf(body)).toMatchObject({ text: "Shipped" });
  });
});

describe("attachments", () => {
  for (const [type, name] of Object.entries(URL_OF)) {
    it(`${type} by its address`, async () => {
      const attachment = { type, payload: { url: `https://example.com/${name}` } };
      expect(await seenOf({ attachment })).toMatchObject({ attachment });
    });
  }

  it("several images in one message", async () => {
    const image = (name: string) => ({ type: "image", payload: { url: `https://example.com/${name}` } });
    const attachments = Array.from({ length: 30 }, (_, at) => image(`${at}.png`));
    expect(await seenOf({ attachments })).toMatchObject({ attachments });
  });

  it("one that was uploaded, by its id", async () => {
    const attachment_id = await upload("image");
    expect(await seenOf({ attachment: { type: "image", payload: { attachment_id } } })).toMatchObject({
      attachment: { payload: { attachment_id, url: "https://example.com/uploads/a.png" } },
    });
  });

  it("a file sent to be uploaded, by its id", async () => {
    const form = new FormData();
    form.set("message", JSON.stringify({ attachment: { type: "file", payload: { is_reusable: true } } }));
    form.set("filedata", new File(["%PDF"], "a.pdf", { type: "application/pdf" }));
    const { status, body } = await world.call(`/attachments.upload?page_id=${PAGE}`, form, "bot");
    expect(status).toBe(200);
    const { attachment_id } = body;
    const seen = await seenOf({ attachment: { type: "file", payload: { attachment_id } } });
    expect(seen).toMatchObject({ attachment: { payload: { attachment_id } } });
  });

  it("a reusable one is fetched by Meta once, however often it is sent", async () => {
    const url = "https://example.com/logo.png";
    for (let count = 0; count < 3; count++) {
      await seenOf({ attachment: { type: "image", payload: { url, is_reusable: true } } });
    }
    expect(await world.meta.fetchesOf(url)).toBe(1);
  });
});

describe("templates", () => {
  const simple: Record<string, Json> = {
    generic: { elements: [{ ...card, default_action: { type: "web_url", url: "https://example.com/" } }] },
    button: { text: "Which?", buttons: [{ type: "postback", title: "This", payload: "THIS" }] },
    receipt: {
      recipient_name: "Ada",
      order_number: "7",
      currency: "EUR",
      payment_method: "Card",
      summary: { total_cost: 12.5 },
      elements: [{ title: "Lamp", price: 12.5, quantity: 1 }],
    },
    coupon: { title: "Ten off", coupon_code: "TEN" },
    customer_feedback: {
      title: "How was it?",
      subtitle: "Tell us",
      button_title: "Rate",
      feedback_screens: [{ questions: [{ id: "q1", type: "csat", title: "Were you served well?" }] }],
      business_privacy: { url: "https://example.com/privacy" },
    },
    product: { elements: [{ id: "8001" }] },
    one_time_notif_req: { title: "When the lamp is back", payload: "LAMP" },
    notification_messages: {
      title: "News",
      payload: "NEWS",
      notification_messages_frequency: "WEEKLY",
    },
  };
  for (const [template_type, payload] of Object.entries(simple)) {
    it(template_type, async () => {
      const message = template({ template_type, ...payload });
      expect(await seenOf(message)).toMatchObject(message);
    });
  }

  it("media of an upload", async () => {
    const elements = [{ media_type: "image", attachment_id: await upload("image") }];
    const message = template({ template_type: "media", elements });
    expect(await seenOf(message)).toMatchObject(message);
  });

  it("media of Facebook's own", async () => {
    const elements = [{ media_type: "video", url: "https://www.facebook.com/page/videos/1/" }];
    const message = template({ template_type: "media", elements });
    expect(await seenOf(message)).toMatchObject(message);
  });

  it("utility, with the messaging_type it needs", async () => {
    const utility = { name: "order_shipped", language: { code: "en_US" } };
    const seen = await seenOf({ messaging_type: "UTILITY", message: { template: utility } });
    expect(seen).toMatchObject({ template: utility });
  });

  it("a carousel of ten", async () => {
    const elements = Array.from({ length: 10 }, () => card);
    const message = template({ template_type: "generic", elements });
    expect(await seenOf(message)).toMatchObject(message);
  });
});

describe("buttons", () => {
  const buttons: Json[] = [
    { type: "web_url", title: "Open", url: "https://example.com/", webview_height_ratio: "tall" },
    { type: "postback", title: "Yes", payload: "YES" },
    { type: "phone_number", title: "Call", payload: "+15550100" },
    { type: "account_link", url: "https://example.com/login" },
    { type: "account_unlink" },
    { type: "game_play", title: "Play", payload: "GAME" },
  ];
  for (const button of buttons) {
    it(`${button["type"]}`, async () => {
      const message = template({ template_type: "button", text: "Which?", buttons: [button] });
      expect(await seenOf(message)).toMatchObject(message);
    });
  }
});

describe("sender actions", () => {
  it("before a message: the page has seen it, and types", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }], { actions: ["mark_seen", "typing_on"] });
    await ada.seesOne();
    const { actions } = await ada.thread();
    expect(actions).toMatchObject([{ action: "mark_seen" }, { action: "typing_on", ended_by: "message" }]);
  });

  it("in their place among messages", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "one" }, { sender_action: "typing_on" }, { text: "two" }]);
    await ada.sees(2);
    const { actions } = await ada.thread();
    expect(actions).toMatchObject([{ action: "typing_on", ended_by: "message" }]);
  });

  it("typing that is put off", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ sender_action: "typing_on" }, { sender_action: "typing_off" }, { text: "Hi" }]);
    await ada.seesOne();
    const { actions } = await ada.thread();
    expect(actions.find(({ action }) => action === "typing_on")).toMatchObject({ ended_by: "typing_off" });
  });

  it("a reaction of the page, and its end", async () => {
    const ada = world.person();
    const { id: message_id } = await ada.tells({ text: "Hello" });
    const react = (sender_action: string, payload: Json) => ada.sent({ message: { sender_action, payload } });
    const reactionOf = async () => (await ada.thread()).messages[0]?.["reaction"];
    await react("react", { message_id, reaction: "love" });
    await expect.poll(reactionOf).toMatchObject({ from: "page", reaction: "love" });
    await react("unreact", { message_id });
    await expect.poll(reactionOf).toBeUndefined();
  });
});
