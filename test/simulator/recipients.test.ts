import { beforeEach, describe, expect, it } from "vitest";
import { act, control, freshSimulator, graph, latestOf, sendTo, threadOf, webhook } from "./world.ts";

const USER = "7001";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const sendBy = (recipient: object) => graph("/me/messages", { recipient, message: { text: "hi" } });
const later = (ms: number) => control("PUT", "/clock", { offset_ms: ms });

beforeEach(async () => {
  await freshSimulator();
  webhook();
});

describe("a private reply", () => {
  const comment = { comment: { message: "How much?", comment_id: "1_2" } };

  it("reaches the person who commented, once", async () => {
    await act(USER, comment);
    expect((await sendBy({ comment_id: "1_2" })).body).toEqual({
      recipient_id: USER,
      message_id: expect.any(String),
    });
    expect((await threadOf(USER)).messages).toMatchObject([{ from: "page", text: "hi" }]);
    expect((await sendBy({ comment_id: "1_2" })).body.error.code).toBe(10900);
  });

  it("does not make the person one who wrote", async () => {
    await act(USER, comment);
    await sendBy({ comment_id: "1_2" });
    expect((await sendTo(USER, { text: "and more" })).body.error.error_subcode).toBe(2018001);
  });

  it("is possible for seven days", async () => {
    await act(USER, comment);
    await later(7 * DAY + HOUR);
    expect((await sendBy({ comment_id: "1_2" })).body.error.error_subcode).toBe(2018278);
  });

  it("is possible no more once the comment is removed", async () => {
    await act(USER, comment);
    await act(USER, { comment: { ...comment.comment, verb: "remove" } });
    expect((await sendBy({ comment_id: "1_2" })).body.error).toMatchObject({
      code: 100,
      error_subcode: 2018292,
    });
  });

  it("answers a post as well", async () => {
    await act(USER, { post: { message: "Open?", post_id: "1_3" } });
    expect((await sendBy({ post_id: "1_3" })).body.recipient_id).toBe(USER);
    expect((await sendBy({ post_id: "1_3" })).body.error.code).toBe(10900);
  });
});

describe("a checkbox", () => {
  it("sends an opt-in without a sender, and is written to once", async () => {
    const posts = webhook();
    const { event } = await act(USER, { optin: { ref: "checkout", user_ref: "box-1" } });
    expect(await latestOf(posts, 1)).toEqual(event);
    expect(event.sender).toBeUndefined();
    expect(event.optin).toEqual({ ref: "checkout", user_ref: "box-1" });
    expect((await sendBy({ user_ref: "box-1" })).status).toBe(200);
    expect((await sendBy({ user_ref: "box-1" })).body.error.code).toBe(100);
  });
});

describe("a one-time notification", () => {
  const optin = { optin: { type: "one_time_notif_req", payload: "TEA" } };

  it("is sent once, long after the window has closed", async () => {
    const { event } = await act(USER, optin);
    const token = event.optin.one_time_notif_token;
    await later(100 * DAY);
    expect((await sendBy({ one_time_notif_token: token })).body.recipient_id).toBe(USER);
    expect((await sendBy({ one_time_notif_token: token })).body.error.code).toBe(100);
  });

  it("is not sent after a year, nor with another's token", async () => {
    const { event } = await act(USER, optin);
    await later(366 * DAY);
    expect((await sendBy({ one_time_notif_token: event.optin.one_time_notif_token })).status).toBe(400);
    expect((await sendBy({ one_time_notif_token: "none" })).status).toBe(400);
  });
});

describe("marketing notifications", () => {
  const subscribed = async (more: object = {}) => {
    const optin = { type: "notification_messages", payload: "NEWS", title: "News", ...more };
    return (await act(USER, { optin })).event.optin;
  };
  const notify = (notification_messages_token: string) => sendBy({ notification_messages_token });

  it("are sent again and again until the token expires", async () => {
    const optin = await subscribed();
    await later(100 * DAY);
    expect((await notify(optin.notification_messages_token)).status).toBe(200);
    expect((await notify(optin.notification_messages_token)).status).toBe(200);
    await later(optin.token_expiry_timestamp - Date.now() + HOUR);
    expect((await notify(optin.notification_messages_token)).body.error.code).toBe(100);
  });

  it("keep the frequency the person chose", async () => {
    const { notification_messages_token: token } = await subscribed({
      notification_messages_frequency: "DAILY",
    });
    await notify(token);
    expect((await notify(token)).body.error).toMatchObject({ code: 4, error_subcode: 2018354 });
    await later(25 * HOUR);
    expect((await notify(token)).status).toBe(200);
  });

  it("stop when the person stops them, and resume when they resume them", async () => {
    const { notification_messages_token: token } = await subscribed();
    const say = (status: string) =>
      subscribed({ notification_messages_token: token, notification_messages_status: status });
    expect(await say("STOP_NOTIFICATIONS")).toMatchObject({ notification_messages_token: token });
    expect((await notify(token)).body.error.code).toBe(100);
    await say("RESUME_NOTIFICATIONS");
    expect((await notify(token)).status).toBe(200);
  });

  it("cannot be stopped under a token nobody gave", async () => {
    await expect(
      subscribed({ notification_messages_token: "none", notification_messages_status: "STOP_NOTIFICATIONS" }),
    ).rejects.toThrow("optin.notification_messages_token");
  });
});

describe("a phone number", () => {
  it("finds the person who has it", async () => {
    await control("PUT", `/users/${USER}`, { phone_number: "+15550100" });
    const name = { first_name: "Ada", last_name: "Abel" };
    expect((await sendBy({ phone_number: "+15550100", name })).body.recipient_id).toBe(USER);
    expect((await sendBy({ phone_number: "+15550199" })).body.error.error_subcode).toBe(2018001);
  });
});

it("moves comments and tokens along when a person's past is moved", async () => {
  await act(USER, { comment: { message: "How much?", comment_id: "1_2" } });
  await control("POST", `/users/${USER}/window`, { hours_ago: 7 * 24 + 1 });
  expect((await sendBy({ comment_id: "1_2" })).body.error.error_subcode).toBe(2018278);
});
