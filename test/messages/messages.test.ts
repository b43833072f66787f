import { describe, expect, it } from "vitest";
import { times, verdictOn } from "./checking.ts";

const reply = { content_type: "text", title: "Yes", payload: "YES" };
const withReply = (fields: object) => ({ text: "Sure?", quick_replies: [{ ...reply, ...fields }] });
const image = { type: "image", payload: { url: "https://shop.example/a.png" } };

describe("a message", () => {
  it.each<[string, unknown, unknown, string]>([
    [
      "a text of 2000 characters, whatever UTF-16 makes of them",
      { text: "🚀".repeat(2000) },
      { text: "🚀".repeat(2001) },
      "it.text: at most 2000 characters, has 2001",
    ],
    [
      "13 quick replies",
      { text: "Which?", quick_replies: times(13, reply) },
      { text: "Which?", quick_replies: times(14, reply) },
      "it.quick_replies: must have 1 to 13 elements, has 14",
    ],
    [
      "a quick reply's title of 20 characters",
      withReply({ title: "é".repeat(20) }),
      withReply({ title: "é".repeat(21) }),
      "it.quick_replies[0].title: at most 20 characters, has 21",
    ],
    [
      "a quick reply's payload of 1000 characters",
      withReply({ payload: "x".repeat(1000) }),
      withReply({ payload: "x".repeat(1001) }),
      "it.quick_replies[0].payload: at most 1000 characters, has 1001",
    ],
    [
      "a quick reply with a number for a payload",
      withReply({ payload: 7 }),
      withReply({ payload: true }),
      "it.quick_replies[0].payload: must be text or a number",
    ],
    [
      "a quick reply with an image for a title",
      withReply({ title: "", image_url: "https://shop.example/red.png" }),
      withReply({ title: "" }),
      "it.quick_replies[0].title: must not be empty without an image_url",
    ],
    [
      "quick replies that ask for what the profile has",
      {
        text: "How?",
        quick_replies: [{ content_type: "user_email" }, { content_type: "user_phone_number" }],
      },
      { text: "How?", quick_replies: [{ content_type: "location" }] },
      "it.quick_replies[0].content_type: must be one of text, user_phone_number, user_email",
    ],
    [
      "metadata of 900 UTF-16 units, since these are what the mark is put before",
      { text: "Hi", metadata: "🚀".repeat(450) },
      { text: "Hi", metadata: `${"🚀".repeat(450)}!` },
      "it.metadata: at most 900 characters, has 901",
    ],
    [
      "an answer to a message",
      { text: "That one.", reply_to: { mid: "m_1" } },
      { text: "That one.", reply_to: {} },
      "it.reply_to.mid: is missing; it must be text",
    ],
    [
      "30 images at once",
      { attachments: times(30, image) },
      { attachments: times(31, image) },
      "it.attachments: must have 1 to 30 elements, has 31",
    ],
    [
      "images only, where there are several",
      { attachments: [image, image] },
      { attachments: [image, { ...image, type: "video" }] },
      "it.attachments[1].type: must be one of image",
    ],
    [
      "a utility message",
      { template: { name: "order_shipped", language: { code: "en" }, components: [] } },
      { template: { name: "order_shipped" } },
      "it.template.language: is missing; it must be an object",
    ],
    [
      "a text with a fallback",
      { dynamic_text: { text: "Hi {{first_name}}", fallback_text: "Hi" } },
      { dynamic_text: "Hi" },
      "it.dynamic_text: must be an object",
    ],
    [
      "fields that are new",
      { text: "Hi", sparkle: true },
      { sparkle: true },
      "it: must have exactly one of text, attachment, attachments, template, dynamic_text",
    ],
    [
      "text or an attachment",
      { attachment: image },
      { text: "Hi", attachment: image },
      "it: must have exactly one of text, attachment, attachments, template, dynamic_text",
    ],
    ["a text that says something", { text: "." }, { text: " \n" }, "it.text: must not be empty"],
    ["an object", { text: "Hi" }, "Hi", "it: must be an object"],
  ])("may be %s", (_, good, bad, verdict) => {
    expect(verdictOn(good)).toBe("ok");
    expect(verdictOn(bad)).toBe(verdict);
  });
});

describe("an attachment", () => {
  const attached = (type: string, payload: unknown) => ({ attachment: { type, payload } });

  it.each(["image", "video", "audio", "file"])("may be a file of type %s, by address or by id", (type) => {
    expect(verdictOn(attached(type, { url: "https://shop.example/a", is_reusable: true }))).toBe("ok");
    expect(verdictOn(attached(type, { attachment_id: "1745504518999123" }))).toBe("ok");
    expect(verdictOn(attached(type, { attachment_id: "1", url: "https://shop.example/a" }))).toBe(
      "it.attachment.payload: must have exactly one of url, attachment_id",
    );
    expect(verdictOn(attached(type, { url: "ftp://shop.example/a" }))).toBe(
      "it.attachment.payload.url: must be an http or https URL",
    );
  });

  it("is named by an id that kept its digits", () => {
    expect(verdictOn(attached("image", { attachment_id: 1_745_504_518 }))).toBe("ok");
    expect(verdictOn(attached("image", { attachment_id: 2 ** 53 }))).toBe(
      "it.attachment.payload.attachment_id: must be an id, written as text",
    );
  });

  it("has a type that Meta knows", () => {
    const types = "image, video, audio, file, template";
    expect(verdictOn(attached("picture", {}))).toBe(`it.attachment.type: must be one of ${types}`);
    expect(verdictOn(attached("constructor", {}))).toBe(`it.attachment.type: must be one of ${types}`);
    expect(verdictOn({ attachment: {} })).toBe("it.attachment.type: is missing; it must be text");
  });
});

describe("on Instagram, a message", () => {
  it("has up to 1000 bytes of text", () => {
    expect(verdictOn({ text: "ä".repeat(500) }, "instagram")).toBe("ok");
    expect(verdictOn({ text: `${"ä".repeat(500)}!` }, "instagram")).toBe(
      "it.text: at most 1000 bytes of UTF-8, has 1001",
    );
  });

  it("has up to ten images", () => {
    expect(verdictOn({ attachments: times(10, image) }, "instagram")).toBe("ok");
    expect(verdictOn({ attachments: times(11, image) }, "instagram")).toBe(
      "it.attachments: must have 1 to 10 elements, has 11",
    );
  });

  it("may share a post or send a heart, which Messenger cannot", () => {
    const post = { attachment: { type: "MEDIA_SHARE", payload: { id: "17900000000000001" } } };
    const heart = { attachment: { type: "like_heart" } };
    expect([verdictOn(post, "instagram"), verdictOn(heart, "instagram")]).toEqual(["ok", "ok"]);
    expect(verdictOn(heart)).toContain("it.attachment.type: must be one of");
  });

  it("comes from no persona", () => {
    const body = { message: { text: "Hi" }, persona_id: "1" };
    expect(verdictOn(body)).toBe("ok");
    expect(verdictOn(body, "instagram")).toBe("it.persona_id: is not available on Instagram");
  });
});
