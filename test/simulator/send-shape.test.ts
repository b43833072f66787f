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
    ["a file by id", { attachment: { type: "file", payload: { attachment_id: "12" } } }],
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
      template({ template_type: "media", elements: [{ media_type: "image", attachment_id: "1" }] }),
    ],
    ["a receipt, whose contents are not checked", template({ template_type: "receipt", order_number: "1" })],
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
      "14 quick replies",
      { text: "?", quick_replies: Array(14).fill(quickReply) },
      /message\[quick_replies\]/,
    ],
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
      "11 elements",
      template({ template_type: "generic", elements: Array(11).fill({ title: "x" }) }),
      /elements\] must have at most 10/,
    ],
    [
      "an element with a long title",
      template({ template_type: "generic", elements: [{ title: title(81) }] }),
      /\[elements\]\[0\]\[title\]/,
    ],
    [
      "four buttons",
      template({ template_type: "button", text: "?", buttons: Array(4).fill(postback) }),
      /\[buttons\] must have at most 3/,
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
    ["two media elements", template({ template_type: "media", elements: [{}, {}] }), /\[elements\]/],
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
    [
      "a recipient form not supported",
      { recipient: { comment_id: "1" }, message: { text: "x" } },
      /comment_id/,
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
