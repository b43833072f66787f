import { beforeEach, describe, expect, it } from "vitest";
import { freshSimulator, sendTo, webhook, write } from "./world.ts";

const USER = "7001";
const template = (payload: object) => ({ attachment: { type: "template", payload } });
const postback = { type: "postback", title: "Yes", payload: "YES" };
const quickReply = { content_type: "text", title: "Red", payload: "RED" };

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("a message with too much or too little of something", () => {
  it.each([
    [
      "14 quick replies",
      { text: "?", quick_replies: Array(14).fill(quickReply) },
      105,
      "message[quick_replies]",
    ],
    ["no quick reply", { text: "?", quick_replies: [] }, 194, "message[quick_replies]"],
    [
      "11 elements",
      template({ template_type: "generic", elements: Array(11).fill({ title: "x", subtitle: "y" }) }),
      105,
      "message[attachment][payload][elements]",
    ],
    [
      "four buttons",
      template({ template_type: "button", text: "?", buttons: Array(4).fill(postback) }),
      105,
      "message[attachment][payload][buttons]",
    ],
    [
      "no buttons",
      template({ template_type: "button", text: "?", buttons: [] }),
      194,
      "message[attachment][payload][buttons]",
    ],
    [
      "two media elements",
      template({
        template_type: "media",
        elements: Array(2).fill({ media_type: "image", url: "https://www.facebook.com/1" }),
      }),
      105,
      "message[attachment][payload][elements]",
    ],
    [
      "31 images",
      { attachments: Array(31).fill({ type: "image", payload: { url: "https://example.com/a" } }) },
      105,
      "message[attachments]",
    ],
  ])("gets its own error: %s", async (_name, message, code, parameter) => {
    const { error } = (await sendTo(USER, message)).body;
    expect(error).toMatchObject({ code, type: "OAuthException" });
    expect(error.message).toContain(`param ${parameter} has too`);
  });
});
