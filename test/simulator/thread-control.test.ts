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
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const OURS = "900100200300";
const INBOX = "263902037430900";
const HOUR = 3_600_000;

const recipient = { id: USER };
const step = (body: object) => control("POST", `/users/${USER}/thread-control`, body);
const owner = async () => (await control("GET", `/users/${USER}/thread-control`)).body.owner_app_id;
const settings = (body: object) => control("PUT", `/pages/${PAGE_ID}`, body);

async function conversation() {
  const posts = webhook();
  await control("PUT", "/settings", { receipts: { delivery: false, read: "off" } });
  await write(USER, "hello");
  await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
  return posts;
}

beforeEach(freshSimulator);

describe("another app", () => {
  it("takes the thread: what follows comes as standby, and our sends fail", async () => {
    const posts = await conversation();
    await step({ action: "take", metadata: "mine" });
    await write(USER, "still there?");
    await eventually(() => expect(eventsOf(posts)).toHaveLength(3));
    expect(eventsOf(posts)[1]).toEqual({
      sender: { id: USER },
      recipient: { id: PAGE_ID },
      timestamp: expect.any(Number),
      take_thread_control: { previous_owner_app_id: null, new_owner_app_id: INBOX, metadata: "mine" },
    });
    expect(posts.at(-1)?.entries.at(-1).standby).toMatchObject([{ message: { text: "still there?" } }]);
    expect((await sendTo(USER, { text: "yes" })).body.error).toMatchObject({
      code: 10,
      error_subcode: 2018300,
    });
    const typing = await graph("/me/messages", { recipient, sender_action: "typing_on" });
    expect(typing.body.error.error_subcode).toBe(2018300);
  });

  it("passes it back, and we may write again", async () => {
    const posts = await conversation();
    await step({ action: "take" });
    await step({ action: "pass", metadata: "yours" });
    expect((await latestOf(posts, 3)).pass_thread_control).toEqual({
      previous_owner_app_id: INBOX,
      new_owner_app_id: OURS,
      metadata: "yours",
    });
    expect((await sendTo(USER, { text: "back" })).status).toBe(200);
  });

  it("asks for it, and we decide", async () => {
    const posts = await conversation();
    await step({ action: "request", metadata: "please" });
    expect((await latestOf(posts, 2)).request_thread_control).toEqual({
      requested_owner_app_id: INBOX,
      metadata: "please",
    });
    expect(await owner()).toBeNull();
  });

  it("cannot pass or release what we own", async () => {
    await conversation();
    await graph("/me/take_thread_control", { recipient });
    const refused = await step({ action: "pass" });
    expect([refused.status, refused.body.error.code]).toEqual([409, "not_thread_owner"]);
    expect((await step({ action: "release" })).status).toBe(409);
  });

  it("releases it, and the thread is idle", async () => {
    await conversation();
    await step({ action: "take" });
    await step({ action: "release" });
    expect(await owner()).toBeNull();
    expect((await sendTo(USER, { text: "hi" })).status).toBe(200);
  });

  it("writes, and its echo bears its id", async () => {
    const posts = await conversation();
    await control("POST", `/users/${USER}/replies`, {
      text: "Hello from there",
      app_id: "555",
      metadata: "m",
    });
    expect((await latestOf(posts, 2)).message).toEqual({
      mid: expect.any(String),
      is_echo: true,
      app_id: 555,
      metadata: "m",
      text: "Hello from there",
    });
  });
});

describe("a person in Meta's inbox", () => {
  it("writes, and the echo names no app", async () => {
    const posts = await conversation();
    const { event } = (await control("POST", `/users/${USER}/replies`, { text: "Ada here" })).body;
    const echo = await latestOf(posts, 2);
    expect(echo).toEqual(event);
    expect(echo).toMatchObject({ sender: { id: PAGE_ID }, recipient, message: { is_echo: true } });
    expect(echo.message.app_id).toBeUndefined();
    expect((await threadOf(USER)).messages.at(-1)).toMatchObject({ from: "page", app_id: null });
  });
});

describe("our app", () => {
  it("passes the thread to an app on the page, and to no other", async () => {
    const posts = await conversation();
    const pass = (target_app_id: string) =>
      graph("/me/pass_thread_control", { recipient, target_app_id, metadata: "for a person" });
    expect((await pass("1")).body.error.message).toContain("target_app_id");
    expect((await pass(INBOX)).body).toEqual({ success: true });
    expect(await owner()).toBe(INBOX);
    await write(USER, "anyone?");
    await eventually(() => expect(posts.at(-1)?.entries.at(-1).standby).toHaveLength(1));
  });

  it("takes it from another only as the default app", async () => {
    await conversation();
    await step({ action: "take" });
    await settings({ default_app_id: INBOX });
    expect((await graph("/me/take_thread_control", { recipient })).body.error.code).toBe(200);
    await settings({ default_app_id: null });
    expect((await graph("/me/take_thread_control", { recipient })).body).toEqual({ success: true });
    expect(await owner()).toBe(OURS);
  });

  it("releases what it owns, and not what another does", async () => {
    await conversation();
    await step({ action: "take" });
    expect((await graph("/me/release_thread_control", { recipient })).body.error.error_subcode).toBe(2018300);
    await graph("/me/take_thread_control", { recipient });
    expect((await graph("/me/release_thread_control", { recipient })).body).toEqual({ success: true });
    expect(await owner()).toBeNull();
  });

  it("reads who owns the thread, and which apps there are", async () => {
    await conversation();
    expect((await graph(`/me/thread_owner?recipient=${USER}`)).body).toEqual({ data: [] });
    await graph("/me/take_thread_control", { recipient });
    expect((await graph(`/me/thread_owner?recipient=${USER}`)).body).toEqual({
      data: [{ thread_owner: { app_id: OURS, expiration: expect.any(Number) } }],
    });
    expect((await graph("/me/secondary_receivers?fields=id,name")).body.data).toEqual([
      { id: INBOX, name: "Page Inbox" },
    ]);
  });

  it("extends its time, by seven days at most", async () => {
    await conversation();
    await graph("/me/take_thread_control", { recipient });
    const extend = (duration: number) => graph("/me/extend_thread_control", { recipient, duration });
    expect((await extend(604_801)).status).toBe(400);
    expect((await extend(604_800)).body).toEqual({ success: true });
    await control("PUT", "/clock", { offset_ms: 150 * HOUR });
    expect(await owner()).toBe(OURS);
  });

  it("is told when the page has no thread control any more", async () => {
    await conversation();
    await settings({ handover_apis: "pass_and_release" });
    expect((await graph("/me/take_thread_control", { recipient })).body.error.message).toContain(
      "Handover Protocol APIs disabled for this page",
    );
    expect((await graph("/me/pass_thread_control", { recipient, target_app_id: INBOX })).status).toBe(200);
    await settings({ handover_apis: "none" });
    expect((await graph("/me/release_thread_control", { recipient })).status).toBe(400);
  });
});

describe("an ownership", () => {
  it("ends 24 hours after the last that was said, and the thread is idle", async () => {
    await conversation();
    await step({ action: "take" });
    await control("PUT", "/clock", { offset_ms: 20 * HOUR });
    await write(USER, "still here");
    await control("PUT", "/clock", { offset_ms: 43 * HOUR });
    expect(await owner()).toBe(INBOX);
    await control("PUT", "/clock", { offset_ms: 45 * HOUR });
    expect(await owner()).toBeNull();
  });
});

describe("conversation routing", () => {
  it("gives idle threads to the default app, and to whoever answers first", async () => {
    const posts = webhook();
    await settings({ conversation_routing: true, default_app_id: INBOX });
    await write(USER, "hello");
    await eventually(() => expect(posts[0]?.entries[0].standby).toHaveLength(1));
    await sendTo(USER, { text: "I was first" });
    expect(await owner()).toBe(OURS);
    await control("POST", `/users/${USER}/replies`, { text: "too late", app_id: INBOX });
    expect(await owner()).toBe(OURS);
  });

  it("lets a message pass the thread on", async () => {
    const posts = webhook();
    await settings({ conversation_routing: true });
    await write(USER, "a person, please");
    const thread_control = { control_type: "pass", app_id: INBOX };
    expect((await sendTo(USER, { text: "One moment" }, { thread_control })).status).toBe(200);
    expect(await owner()).toBe(INBOX);
    await act(USER, { text: "thanks" });
    await eventually(() => expect(posts.at(-1)?.entries.at(-1).standby).toBeDefined());
  });
});
