import { beforeEach, describe, expect, it } from "vitest";
import {
  act,
  control,
  eventsOf,
  eventually,
  freshSimulator,
  graph,
  latestOf,
  PAGE_ID,
  sendTo,
  webhook,
} from "./world.ts";

const USER = "7001";
const INSTAGRAM = "17841400000000001";
const recipient = { id: USER };

beforeEach(async () => {
  await freshSimulator();
  await control("PUT", `/pages/${PAGE_ID}`, { instagram_id: INSTAGRAM });
});

describe("a person on Instagram", () => {
  it("writes to the account, in an envelope of its own", async () => {
    const posts = webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    await eventually(() => expect(posts).toHaveLength(1));
    expect(posts[0]?.object).toBe("instagram");
    expect(posts[0]?.entries).toMatchObject([
      { id: INSTAGRAM, messaging: [{ sender: recipient, recipient: { id: INSTAGRAM } }] },
    ]);
  });

  it("is answered by the account's id, by the page's, and by me", async () => {
    webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    for (const node of [INSTAGRAM, PAGE_ID, "me"]) {
      const sent = await graph(`/${node}/messages`, { recipient, message: { text: "hi" } });
      expect(sent.body.recipient_id).toBe(USER);
    }
  });

  it("is not known on Facebook", async () => {
    webhook();
    await act(USER, { text: "hello" });
    const sent = await graph(`/${INSTAGRAM}/messages`, { recipient, message: { text: "hi" } });
    expect(sent.body.error.error_subcode).toBe(2018001);
  });

  it("reads a message, not up to a time, and there are no delivery receipts", async () => {
    const posts = webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    const { message_id: mid } = (await sendTo(USER, { text: "hi" })).body;
    expect((await latestOf(posts, 3)).read).toEqual({ mid });
    expect(eventsOf(posts).some((event) => event.delivery)).toBe(false);
    expect((await act(USER, { page_id: INSTAGRAM, read: {} })).event.read).toEqual({ mid });
  });

  it("comments under a medium", async () => {
    const posts = webhook();
    await control("PUT", `/users/${USER}`, { username: "ada.abel" });
    await act(USER, { page_id: INSTAGRAM, comment: { message: "Nice", comment_id: "5", post_id: "6" } });
    expect(await latestOf(posts, 1)).toEqual({
      field: "comments",
      value: { id: "5", text: "Nice", from: { id: USER, username: "ada.abel" }, media: { id: "6" } },
    });
    const reply = await graph("/me/messages", {
      recipient: { comment_id: "5" },
      message: { text: "Thanks" },
    });
    expect(reply.body.recipient_id).toBe(USER);
  });

  it("has a profile with a user name", async () => {
    webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    await control("PUT", `/users/${USER}`, { username: "ada.abel" });
    expect((await graph(`/${USER}?fields=name,username`)).body.username).toBe("ada.abel");
  });
});

describe("a message to Instagram", () => {
  it.each([
    ["a text of 1001 bytes", { text: `${"ä".repeat(500)}x` }, {}, /1000 bytes/],
    ["a persona", { text: "x" }, { persona_id: "1" }, /persona_id/],
    [
      "a receipt",
      {
        attachment: {
          type: "template",
          payload: { template_type: "coupon", title: "x", coupon_code: "X" },
        },
      },
      {},
      /template_type/,
    ],
    [
      "a utility message",
      { template: { name: "parcel", language: { code: "en" } } },
      { messaging_type: "UTILITY" },
      /messaging_type/,
    ],
  ])("is refused: %s", async (_name, message, more, complaint) => {
    webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    const { error } = (await sendTo(USER, message, more)).body;
    expect(error.code).toBe(100);
    expect(error.message).toMatch(complaint);
  });

  it("may be 1000 bytes long, or a heart", async () => {
    webhook();
    await act(USER, { page_id: INSTAGRAM, text: "hello" });
    expect((await sendTo(USER, { text: "ä".repeat(500) })).status).toBe(200);
    expect((await sendTo(USER, { attachment: { type: "like_heart" } })).status).toBe(200);
  });
});
