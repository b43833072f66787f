import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkBody } from "../../src/messages/check.ts";
import { bodiesOf, template, verdictOn } from "./checking.ts";

describe("a body", () => {
  it("is made of a message alone", () => {
    expect(bodiesOf({ text: "Hi", metadata: "mine" })).toEqual([
      { message: { text: "Hi", metadata: "mine" } },
    ]);
  });

  it("keeps what goes along, also what is new", () => {
    const body = {
      message: { text: "Hi" },
      messaging_type: "MESSAGE_TAG",
      tag: "HUMAN_AGENT",
      persona_id: "1",
      notification_type: "SILENT_PUSH",
      sparkle: 1,
    };
    expect(bodiesOf(body)).toEqual([body]);
  });

  it("loses tokens and the person's id", () => {
    const body = { access_token: "T", appsecret_proof: "P", recipient: { id: "7" }, message: { text: "Hi" } };
    expect(bodiesOf(body)).toEqual([{ message: { text: "Hi" } }]);
  });

  it.each([
    { user_ref: "r" },
    { comment_id: "c" },
    { post_id: "p" },
    { phone_number: "+4930123456", name: { first_name: "A", last_name: "B" } },
    { one_time_notif_token: "t" },
    { notification_messages_token: "t" },
  ])("keeps a recipient that is not a person's id: %o", (recipient) => {
    const body = { recipient, message: { text: "Hi" } };
    expect(bodiesOf(body)).toEqual([body]);
  });

  it.each<[unknown, string]>([
    [
      { recipient: { comment_id: "c", id: "7" }, message: { text: "Hi" } },
      "it.recipient: must have exactly one of id, user_ref, comment_id, post_id, phone_number, one_time_notif_token, notification_messages_token",
    ],
    [{ recipient: "7", message: { text: "Hi" } }, "it.recipient: must be an object"],
    [
      { messaging_type: "REPLY", message: { text: "Hi" } },
      "it.messaging_type: must be one of RESPONSE, UPDATE, MESSAGE_TAG, UTILITY",
    ],
    [
      { notification_type: "LOUD", message: { text: "Hi" } },
      "it.notification_type: must be one of REGULAR, SILENT_PUSH, NO_PUSH",
    ],
    [{ message: "Hi" }, "it.message: must be an object"],
    [
      { message: { text: "Hi" }, sender_action: "typing_on" },
      "it.sender_action: cannot go with a message: send it as a body of its own",
    ],
    [{ message: { text: "Hi" }, quick_replies: [] }, "it.quick_replies: belongs into message"],
    [{ sender_action: "typing_on", text: "Hi" }, "it.text: belongs into message"],
    [{ sender_action: 1 }, "it.sender_action: must be text"],
    [
      { sender_action: "typing" },
      "it.sender_action: must be one of typing_on, typing_off, mark_seen, react, unreact",
    ],
    [
      { sender_action: "react", payload: { message_id: "m_1" } },
      "it.payload.reaction: is missing; it must be text",
    ],
    [{ sender_action: "unreact" }, "it.payload: is missing; it must be an object"],
    [null, "it: must be an object"],
    [["Hi"], "it: must be an object"],
  ])("is refused where it is wrong: %j", (body, verdict) => {
    expect(verdictOn(body)).toBe(verdict);
  });

  it.each([
    { sender_action: "typing_on" },
    { sender_action: "typing_off", persona_id: "1" },
    { sender_action: "mark_seen" },
    { sender_action: "react", payload: { message_id: "m_1", reaction: "love" } },
    { sender_action: "unreact", payload: { message_id: "m_1" } },
  ])("may be an action: %j", (body) => {
    expect(bodiesOf({ ...body, recipient: { id: "7" } })).toEqual([body]);
  });

  it("names the path from where the caller has it", () => {
    const input = {
      message: template({ template_type: "generic", elements: [{ title: "x".repeat(93), subtitle: "y" }] }),
    };
    const at = (path: string) => checkBody(input, { platform: "messenger", path, split: true });
    const issue = (path: string) => ({
      ok: false,
      issue: { path, message: "at most 80 characters, has 93" },
    });
    expect(at("messages[0]")).toEqual(issue("messages[0].message.attachment.payload.elements[0].title"));
    expect(at("")).toEqual(issue("message.attachment.payload.elements[0].title"));
    expect(checkBody(1, { platform: "messenger", path: "", split: true })).toEqual({
      ok: false,
      issue: { path: "", message: "must be an object" },
    });
  });
});

describe("a text too long for one message", () => {
  const text = `${"a".repeat(1999)} ${"b".repeat(1999)} ${"c".repeat(10)}`;

  it("becomes several: the first answers, the last has the quick replies, all have the rest", () => {
    const quick_replies = [{ content_type: "text", title: "Ok", payload: "OK" }];
    const along = {
      messaging_type: "UPDATE",
      tag: "HUMAN_AGENT",
      persona_id: "1",
      notification_type: "NO_PUSH",
    };
    const body = {
      ...along,
      recipient: { id: "7" },
      message: { text, quick_replies, reply_to: { mid: "m_1" }, metadata: "mine" },
    };
    expect(bodiesOf(body, "messenger", true)).toEqual([
      { ...along, message: { text: "a".repeat(1999), reply_to: { mid: "m_1" }, metadata: "mine" } },
      { ...along, message: { text: "b".repeat(1999), metadata: "mine" } },
      { ...along, message: { text: "c".repeat(10), quick_replies, metadata: "mine" } },
    ]);
  });

  it("is refused where it is not to be split", () => {
    expect(verdictOn({ message: { text } })).toBe("it.message.text: at most 2000 characters, has 4010");
  });

  it.each([{ comment_id: "c" }, { one_time_notif_token: "t" }])(
    "is refused where only one message can go: %j",
    (recipient) => {
      expect(verdictOn({ recipient, message: { text } }, "messenger", true)).toBe(
        "it.message.text: at most 2000 characters, has 4010; it is not split, since this recipient takes one message only",
      );
    },
  );
});

describe("a body that passed", () => {
  const letters = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const maybe = { requiredKeys: [] as [] };
  const url = fc.webUrl();
  const button = fc.oneof(
    fc.record({ type: fc.constant("web_url"), title: letters, url }),
    fc.record({ type: fc.constant("postback"), title: letters, payload: letters }),
    fc.record({ type: fc.constantFrom("account_unlink", "share") }),
  );
  const card = fc.record({
    title: letters,
    subtitle: letters,
    image_url: url,
    buttons: fc.array(button, { maxLength: 4 }),
  });
  const payload = fc.oneof(
    fc.record({ url, is_reusable: fc.boolean() }),
    fc.record({ attachment_id: fc.oneof(letters, fc.integer()) }),
    fc.record({
      template_type: fc.constantFrom("generic", "new"),
      elements: fc.array(card, { maxLength: 12 }),
    }),
    fc.record({ template_type: fc.constant("button"), text: letters, buttons: fc.array(button) }),
  );
  const attachment = fc.record({ type: fc.constantFrom("image", "file", "template", "like_heart"), payload });
  const message = fc
    .tuple(
      fc.oneof(
        fc.record({ text: fc.string({ unit: "grapheme", maxLength: 4000, size: "max" }) }),
        fc.record({ attachment }),
        fc.record({ attachments: fc.array(attachment, { maxLength: 3 }) }),
      ),
      fc.record({ metadata: letters, reply_to: fc.record({ mid: letters }), extra: fc.jsonValue() }, maybe),
    )
    .map(([content, along]) => ({ ...content, ...along }));
  const body = fc
    .tuple(
      fc.oneof(
        fc.record({ message }),
        fc.record({ sender_action: fc.constantFrom("typing_on", "mark_seen") }),
      ),
      fc.record(
        {
          recipient: fc.constantFrom({ id: "7" }, { user_ref: "r" }, { phone_number: "+1" }),
          messaging_type: fc.constantFrom("RESPONSE", "UPDATE"),
          access_token: letters,
          persona_id: letters,
          extra: fc.jsonValue(),
        },
        maybe,
      ),
    )
    .map(([content, along]) => ({ ...content, ...along }));

  it("passes again and stays as it is", () => {
    const options = fc.record({
      platform: fc.constantFrom("messenger" as const, "instagram" as const),
      path: fc.constant("it"),
      split: fc.boolean(),
    });
    let passed = 0;
    fc.assert(
      fc.property(fc.oneof(message, body), options, (input, how) => {
        const checked = checkBody(input, how);
        if (!checked.ok) return;
        passed++;
        for (const each of checked.bodies) expect(checkBody(each, how)).toEqual({ ok: true, bodies: [each] });
      }),
      { numRuns: 300 },
    );
    expect(passed).toBeGreaterThan(50);
  });
});
