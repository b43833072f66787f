import { beforeEach, describe, expect, it } from "vitest";
import { act, control, freshSimulator, graph, PAGE_ID, sendTo, webhook, write } from "./world.ts";

const USER = "7001";
const HOUR = 3_600_000;

const later = (hours: number) => control("PUT", "/clock", { offset_ms: Math.round(hours * HOUR) });

beforeEach(async () => {
  await freshSimulator();
  webhook();
});

describe("who can be written to", () => {
  it("is nobody who has not written first", async () => {
    await control("PUT", `/users/${USER}`, {});
    const answer = await sendTo(USER, { text: "hi" });
    expect(answer.body.error).toMatchObject({ code: 100, error_subcode: 2018001 });
  });

  it("is anyone who tapped, reacted or came by a link", async () => {
    await control("POST", `/users/${USER}/messages`, { referral: { ref: "shop-window" } });
    expect((await sendTo(USER, { text: "hi" })).status).toBe(200);
  });

  it("is, by user_ref, only someone whose opt-in carried it", async () => {
    const byReference = { recipient: { user_ref: "checkbox-1" }, message: { text: "hi" } };
    expect((await graph("/me/messages", byReference)).body.error.error_subcode).toBe(2018001);
    await control("POST", `/users/${USER}/messages`, { raw: { optin: { user_ref: "checkbox-1" } } });
    expect((await graph("/me/messages", byReference)).body.recipient_id).toBe(USER);
  });
});

describe("the window", () => {
  beforeEach(() => write(USER, "hello"));

  it.each(["RESPONSE", "UPDATE", undefined])("is open for 24 hours to messaging type %s", async (type) => {
    const more = type === undefined ? {} : { messaging_type: type };
    await later(23.9);
    expect((await sendTo(USER, { text: "in time" }, more)).status).toBe(200);
    await later(24.1);
    const late = await sendTo(USER, { text: "late" }, more);
    expect(late.status).toBe(400);
    expect(late.body.error).toMatchObject({ code: 10, error_subcode: 2018278 });
  });

  it("opens again when the user reacts to a message", async () => {
    const { message_id } = (await sendTo(USER, { text: "hi" })).body;
    await later(30);
    await control("POST", `/users/${USER}/messages`, { reaction: { mid: message_id } });
    expect((await sendTo(USER, { text: "welcome back" })).status).toBe(200);
  });

  it("is open for 7 days to a person's message with the tag HUMAN_AGENT", async () => {
    const human = { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" };
    await later(6.9 * 24);
    expect((await sendTo(USER, { text: "a person" }, human)).status).toBe(200);
    await later(7.1 * 24);
    expect((await sendTo(USER, { text: "a person" }, human)).body.error.code).toBe(10);
  });

  it("does not concern utility templates, of which the type UTILITY must be", async () => {
    const utility = { messaging_type: "UTILITY" };
    const template = { template: { name: "parcel", language: { code: "en" } } };
    await later(1000);
    expect((await sendTo(USER, template, utility)).status).toBe(200);
    expect((await sendTo(USER, { text: "Your parcel" }, utility)).body.error.code).toBe(100);
    expect((await sendTo(USER, template)).body.error.code).toBe(100);
  });

  it("is not open to HUMAN_AGENT if the page lacks the permission", async () => {
    await control("PUT", `/pages/${PAGE_ID}`, { human_agent: false });
    const human = { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" };
    expect((await sendTo(USER, { text: "a person" }, human)).body.error.code).toBe(200);
  });

  it("can be shut for one person by moving their past", async () => {
    await write("7002", "hello");
    await control("POST", `/users/${USER}/window`, { hours_ago: 25 });
    expect((await sendTo(USER, { text: "late" })).body.error.error_subcode).toBe(2018278);
    expect((await sendTo("7002", { text: "in time" })).status).toBe(200);
    await write(USER, "hello again");
    expect((await sendTo(USER, { text: "in time" })).status).toBe(200);
  });

  it("is not opened by something the person did long ago", async () => {
    await act("7003", { text: "once", timestamp: Date.now() - 25 * HOUR });
    expect((await sendTo("7003", { text: "late" })).body.error.error_subcode).toBe(2018278);
  });

  it("is not open to someone who cannot be reached", async () => {
    await control("PUT", `/users/${USER}`, { available: false });
    expect((await sendTo(USER, { text: "x" })).body.error).toMatchObject({
      code: 551,
      error_subcode: 1545041,
    });
  });

  it.each(["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE", "INVENTED", undefined])(
    "does not open by the tag %s: error 100",
    async (tag) => {
      const more = tag === undefined ? {} : { tag };
      const answer = await sendTo(USER, { text: "x" }, { messaging_type: "MESSAGE_TAG", ...more });
      expect(answer.body.error.code).toBe(100);
      expect(answer.body.error.message).toContain("tag");
    },
  );
});

it("sends events dated by the simulated clock", async () => {
  await later(48);
  const said = await write(USER, "from the future");
  expect(said.body).toMatchObject({ page_id: PAGE_ID, user_id: USER });
  expect(said.body.timestamp).toBeGreaterThan(Date.now() + 47 * HOUR);
});
