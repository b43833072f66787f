import { beforeEach, describe, expect, it } from "vitest";
import { freshSimulator, graph, sendTo, threadOf, webhook, write } from "./world.ts";

const USER = "7001";
const title = (length: number) => "t".repeat(length);
const template = (payload: object) => ({ attachment: { type: "template", payload } });
const postback = { type: "postback", title: "Yes", payload: "YES" };
const quickReply = { content_type: "text", title: "Red", payload: "RED" };

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("a message that Meta takes", () => {
  it.each([
    ["a text of 2000 characters, emoji counted as one", { text: "😀".repeat(2000) }],
    ["an image by address", { attachment: { type: "image", payload: { url: "https://example.com/a.png" } } }],
    ["13 quick replies", { text: "Which?", quick_replies: Array(13).fill(quickReply) }],
    [
      "a quick reply asking for the e-mail address",
      { text: "?", quick_replies: [{ content_type: "user_email" }] },
    ],
    ["a button template", template({ template_type: "button", text: "Sure?", buttons: [postback] })],
    [
      "a generic template with 10 elements",
      template({
        template_type: "generic",
        elements: Array(10).fill({ title: title(80), buttons: [postback] }),
      }),
    ],
    [
      "a media template",
      template({
        template_type: "media",
        elements: [{ media_type: "image", url: "https://www.facebook.com/photo/?fbid=1" }],
      }),
    ],
    [
      "a receipt",
      template({
        template_type: "receipt",
        recipient_name: "Ada",
        order_number: "1",
        currency: "EUR",
        payment_method: "Visa 1234",
        summary: { total_cost: 12.5 },
        elements: [{ title: "Tea", price: 12.5 }],
      }),
    ],
    ["a coupon", template({ template_type: "coupon", title: "10 % off", coupon_code: "TEA10" })],
    [
      "a request for feedback",
      template({
        template_type: "customer_feedback",
        title: "How was it?",
        feedback_screens: [{ questions: [{ id: "q1", type: "csat" }] }],
        business_privacy: { url: "https://example.com/privacy" },
      }),
    ],
    ["a product template", template({ template_type: "product", elements: [{ id: "1" }] })],
    [
      "a request for one notification",
      template({ template_type: "one_time_notif_req", title: "Back in stock?", payload: "TEA" }),
    ],
    [
      "a request for notifications",
      template({ template_type: "notification_messages", title: "News", payload: "NEWS" }),
    ],
    [
      "several images",
      { attachments: Array(2).fill({ type: "image", payload: { url: "https://example.com/a" } }) },
    ],
  ])("%s", async (_name, message) => {
    const answer = await sendTo(USER, message);
    expect(answer.body).toEqual({ recipient_id: USER, message_id: expect.stringMatching(/^m_/) });
    expect(answer.status).toBe(200);
  });
});

describe("a message that Meta refuses with error 100, naming the parameter", () => {
  it.each([
    ["a text too long", { text: "x".repeat(2001) }, /message\[text\]/],
    ["a text that is none", { text: 5 }, /message\[text\] must be a string/],
    ["an empty text", { text: "" }, /empty/],
    ["nothing", {}, /empty/],
    [
      "text and attachment together",
      { text: "x", attachment: { type: "image", payload: { url: "https://example.com/" } } },
      /only one of/,
    ],
    ["an unknown key", { txt: "x" }, /Invalid keys "txt" were found in param "message"/],
    [
      "a quick reply with a long title",
      { text: "?", quick_replies: [{ ...quickReply, title: title(21) }] },
      /message\[quick_replies\]\[0\]\[title\]/,
    ],
    [
      "a quick reply with a long payload",
      { text: "?", quick_replies: [{ ...quickReply, payload: title(1001) }] },
      /\[payload\]/,
    ],
    [
      "a quick reply of unknown kind",
      { text: "?", quick_replies: [{ content_type: "fax" }] },
      /content_type/,
    ],
    ["long metadata", { text: "x", metadata: title(1001) }, /message\[metadata\]/],
    ["an attachment without address", { attachment: { type: "image", payload: {} } }, /url or attachment_id/],
    [
      "an attachment of unknown type",
      { attachment: { type: "smell", payload: {} } },
      /message\[attachment\]/,
    ],
    [
      "an address that is none",
      { attachment: { type: "image", payload: { url: "file:///etc" } } },
      /message\[attachment\]\[payload\]\[url\] must be a valid URL/,
    ],
    [
      "an element with a long title",
      template({ template_type: "generic", elements: [{ title: title(81) }] }),
      /\[elements\]\[0\]\[title\]/,
    ],
    [
      "a long button title",
      template({ template_type: "button", text: "?", buttons: [{ ...postback, title: title(21) }] }),
      /\[buttons\]\[0\]\[title\]/,
    ],
    [
      "a long button text",
      template({ template_type: "button", text: title(641), buttons: [postback] }),
      /\[payload\]\[text\]/,
    ],
    [
      "an element that is nothing but a title",
      template({ template_type: "generic", elements: [{ title: "x" }] }),
      /title and at least one other field/,
    ],
    [
      "media from elsewhere",
      template({ template_type: "media", elements: [{ media_type: "image", url: "https://example.com/a" }] }),
      /must be a Facebook URL/,
    ],
    [
      "a phone number without country code",
      template({ template_type: "button", text: "?", buttons: [{ ...postback, type: "phone_number" }] }),
      /\[buttons\]\[0\]\[payload\] must be a phone number/,
    ],
    [
      "a receipt without its sum",
      template({ template_type: "receipt", order_number: "1" }),
      /\[recipient_name\]/,
    ],
    ["a coupon without code", template({ template_type: "coupon", title: "x" }), /coupon_code or coupon_url/],
    [
      "a long request for a notification",
      template({ template_type: "one_time_notif_req", title: title(66), payload: "P" }),
      /\[title\] must be less than or equal to 65/,
    ],
    [
      "an answer to a message that is not there",
      { text: "x", reply_to: { mid: "m_none" } },
      /reply_to\]\[mid\]/,
    ],
    [
      "an attachment nobody uploaded",
      { attachment: { type: "file", payload: { attachment_id: "12" } } },
      /attachment_id 12 does not exist/,
    ],
    ["an Instagram heart", { attachment: { type: "like_heart" } }, /Instagram only/],
    ["an unknown template", template({ template_type: "hologram" }), /template_type/],
  ])("%s", async (_name, message, complaint) => {
    const answer = await sendTo(USER, message);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 100, type: "OAuthException" });
    expect(answer.body.error.message).toMatch(complaint);
    expect((await threadOf(USER)).messages).toHaveLength(1);
  });
});

describe("a send whose frame is wrong", () => {
  it.each([
    ["no recipient", { message: { text: "x" } }, /recipient/],
    ["two recipients", { recipient: { id: USER, user_ref: "r" }, message: { text: "x" } }, /exactly one/],
    ["a comment that is not there", { recipient: { comment_id: "1" }, message: { text: "x" } }, /comment_id/],
    [
      "a name without a phone number",
      { recipient: { id: USER, name: { first_name: "A", last_name: "B" } }, message: { text: "x" } },
      /phone_number/,
    ],
    [
      "a persona that is not there",
      { recipient: { id: USER }, message: { text: "x" }, persona_id: "1" },
      /persona_id/,
    ],
    [
      "an unknown notification type",
      { recipient: { id: USER }, message: { text: "x" }, notification_type: "LOUD" },
      /notification_type/,
    ],
    ["neither message nor action", { recipient: { id: USER } }, /message is required/],
    [
      "message and action at once",
      { recipient: { id: USER }, message: { text: "x" }, sender_action: "typing_on" },
      /Only one/,
    ],
    ["an unknown action", { recipient: { id: USER }, sender_action: "sneeze" }, /sender_action/],
    ["a reaction without its message", { recipient: { id: USER }, sender_action: "react" }, /message_id/],
    [
      "an unknown messaging type",
      { recipient: { id: USER }, message: { text: "x" }, messaging_type: "SHOUT" },
      /messaging_type/,
    ],
  ])("gets error 100: %s", async (_name, body, complaint) => {
    const answer = await graph("/me/messages", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe(100);
    expect(answer.body.error.message).toMatch(complaint);
  });
});
