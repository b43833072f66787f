import { describe, expect, it } from "vitest";
import { textOf } from "../../src/messages/reading.ts";
import { reusableAttachmentOf, withAttachmentId } from "../../src/messages/reusable.ts";
import { template, verdictOn } from "./checking.ts";

describe("what there is to read", () => {
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ["a text", { text: "Hi" }, "Hi"],
    [
      "a text with a fallback",
      { dynamic_text: { text: "Hi {{first_name}}", fallback_text: "Hi" } },
      "Hi {{first_name}}",
    ],
    ["a text over buttons", template({ template_type: "button", text: "And now?", buttons: [] }), "And now?"],
    [
      "the titles of cards",
      template({
        template_type: "generic",
        elements: [{ title: "Bag", subtitle: "49 €" }, { title: "Hat" }],
      }),
      "Bag\n49 €\nHat",
    ],
    [
      "a coupon",
      template({ template_type: "coupon", title: "10% off", coupon_pre_message: "For you" }),
      "For you\n10% off",
    ],
    ["nothing of an image", { attachment: { type: "image", payload: { attachment_id: "1" } } }, undefined],
  ])("is %s", (_, message, text) => {
    expect(textOf({ message })).toBe(text);
  });

  it("is nothing of a sender action", () => {
    expect(textOf({ sender_action: "typing_on" })).toBeUndefined();
  });
});

describe("an attachment to be uploaded once", () => {
  const url = "https://shop.example/a.png";
  const file = (payload: Record<string, unknown>) => ({
    messaging_type: "RESPONSE",
    message: { attachment: { type: "image", payload }, metadata: "mine" },
  });
  const card = { media_type: "video", buttons: [{ type: "postback", title: "Buy", payload: "BUY" }] };
  const media = (element: Record<string, unknown>) => ({
    message: template({ template_type: "media", sharable: true, elements: [{ ...card, ...element }] }),
  });

  it("is a file by its address that is marked reusable", () => {
    const body = file({ url, is_reusable: true });
    expect(reusableAttachmentOf(body)).toEqual({ type: "image", url });
    expect(withAttachmentId(body, "1")).toEqual(file({ attachment_id: "1" }));
  });

  it("is a media template's picture or video, too", () => {
    const body = media({ url, is_reusable: "true" });
    expect(reusableAttachmentOf(body)).toEqual({ type: "video", url });
    expect(withAttachmentId(body, "1")).toEqual(media({ attachment_id: "1" }));
    expect(verdictOn(withAttachmentId(body, "1"))).toBe("ok");
  });

  it.each([
    file({ url }),
    file({ url, is_reusable: false }),
    file({ attachment_id: "1", is_reusable: true }),
    { message: { attachments: [{ type: "image", payload: { url, is_reusable: true } }] } },
    { message: template({ template_type: "generic", elements: [{ title: "Bag", url, is_reusable: true }] }) },
    { message: { text: "Hi" } },
    { sender_action: "typing_on" },
  ])("is nothing else: %j", (body) => {
    expect(reusableAttachmentOf(body)).toBeUndefined();
    expect(withAttachmentId(body, "1")).toBe(body);
  });
});
