import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  control,
  eventsOf,
  eventually,
  freshSimulator,
  graph,
  PAGE_ID,
  sendTo,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const act = (body: object) => control("POST", `/users/${USER}/messages`, body);
const action = (name: string, more: object = {}) =>
  graph("/me/messages", { recipient: { id: USER }, sender_action: name, ...more });

beforeEach(freshSimulator);

describe("what a user does", () => {
  it.each([
    ["a text", { text: "hi" }, { message: { mid: expect.any(String), text: "hi" } }],
    [
      "a quick reply",
      { quick_reply: { title: "Red", payload: "RED" } },
      { message: { mid: expect.any(String), text: "Red", quick_reply: { payload: "RED" } } },
    ],
    [
      "a postback",
      { postback: { title: "Yes", payload: "YES" } },
      { postback: { mid: expect.any(String), title: "Yes", payload: "YES" } },
    ],
    [
      "the start",
      { get_started: true },
      { postback: { mid: expect.any(String), title: "Get Started", payload: "GET_STARTED" } },
    ],
    [
      "an attachment",
      { attachment: { type: "image", url: "https://example.com/a.png" } },
      {
        message: {
          mid: expect.any(String),
          attachments: [{ type: "image", payload: { url: "https://example.com/a.png" } }],
        },
      },
    ],
    [
      "a referral",
      { referral: { ref: "poster" } },
      { referral: { ref: "poster", source: "SHORTLINK", type: "OPEN_THREAD" } },
    ],
    ["an event of a new kind", { raw: { moon_phase: { full: true } } }, { moon_phase: { full: true } }],
    [
      "a text with more to it",
      { text: "hi", raw: { message: { nlp: { entities: {} } } } },
      { message: { mid: expect.any(String), text: "hi", nlp: { entities: {} } } },
    ],
  ])("reaches the webhook: %s", async (_name, body, event) => {
    const posts = webhook();
    const said = await act(body);
    expect(said.body).toMatchObject({ page_id: PAGE_ID, user_id: USER, timestamp: expect.any(Number) });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
    expect(eventsOf(posts)[0]).toEqual({
      sender: { id: USER },
      recipient: { id: PAGE_ID },
      timestamp: said.body.timestamp,
      ...event,
    });
  });

  it.each([
    ["two things at once", { text: "a", get_started: true }],
    ["nothing", {}],
    ["something unknown", { wink: true }],
    ["an empty text", { text: "" }],
  ])("is refused if it is %s", async (_name, body) => {
    const answer = await act(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe("invalid_body");
  });

  it("is refused with a user id that is none, or on a page that is none", async () => {
    expect((await control("POST", "/users/bob/messages", { text: "x" })).body.error.code).toBe(
      "invalid_user_id",
    );
    expect((await act({ text: "x", page_id: "1" })).body.error.code).toBe("no_such_page");
  });

  it("can be a reaction, which shows on the message", async () => {
    const posts = webhook();
    await write(USER, "hello");
    const { message_id: mid } = (await sendTo(USER, { text: "hi" })).body;
    await act({ reaction: { mid } });
    expect((await threadOf(USER)).messages.at(-1).reaction).toMatchObject({ from: "user", reaction: "love" });
    await eventually(() =>
      expect(eventsOf(posts).at(-1)?.reaction).toEqual({
        mid,
        action: "react",
        reaction: "love",
        emoji: "❤",
      }),
    );
    await act({ reaction: { mid, action: "unreact" } });
    expect((await threadOf(USER)).messages.at(-1).reaction).toBeUndefined();
    expect((await act({ reaction: { mid: "m_none" } })).body.error.code).toBe("no_such_message");
  });
});

describe("the thread", () => {
  it("shows both sides in order, with quick replies and attachments", async () => {
    webhook();
    await write(USER, "one");
    await sendTo(USER, { text: "two", quick_replies: [{ content_type: "text", title: "A", payload: "a" }] });
    await act({ quick_reply: { title: "A", payload: "a" } });
    await sendTo(USER, { attachment: { type: "image", payload: { url: "https://example.com/a.png" } } });
    const { user, page_id, messages } = await threadOf(USER);
    expect(user.id).toBe(USER);
    expect(page_id).toBe(PAGE_ID);
    expect(messages).toMatchObject([
      { from: "user", text: "one" },
      { from: "page", text: "two", quick_replies: [{ title: "A" }] },
      { from: "user", text: "A", quick_reply: { payload: "a" } },
      { from: "page", attachment: { type: "image" } },
    ]);
  });

  it("tells how far each of the user's messages got", async () => {
    webhook();
    const status = async () => (await threadOf(USER)).messages[0].status;
    await control("PUT", "/faults", { webhook: { hold: true } });
    await write(USER, "hello");
    expect(await status()).toBe("sent");
    await control("DELETE", "/faults");
    await eventually(async () => expect(await status()).toBe("delivered"));
    expect((await action("mark_seen")).body).toEqual({ recipient_id: USER });
    expect(await status()).toBe("seen");
  });

  it("shows the page typing until a message or typing_off", async () => {
    webhook();
    await write(USER, "hello");
    await action("typing_on");
    expect((await threadOf(USER)).typing).toBe(true);
    await action("typing_off");
    expect((await threadOf(USER)).typing).toBe(false);
    await action("typing_on");
    await sendTo(USER, { text: "done" });
    expect((await threadOf(USER)).typing).toBe(false);
  });

  it("lists the page's sender actions, and what ended the typing", async () => {
    webhook();
    await write(USER, "hello");
    await action("mark_seen");
    await action("typing_on");
    await action("typing_off");
    await action("typing_on");
    await sendTo(USER, { text: "done" });
    const at = expect.any(Number);
    expect((await threadOf(USER)).actions).toEqual([
      { action: "mark_seen", at },
      { action: "typing_on", at, ended_at: at, ended_by: "typing_off" },
      { action: "typing_off", at },
      { action: "typing_on", at, ended_at: at, ended_by: "message" },
    ]);
  });

  it("shows the typing for twenty seconds at most", async () => {
    webhook();
    await write(USER, "hello");
    await action("typing_on");
    const { actions, typing_until } = await threadOf(USER);
    expect(actions[0].ended_by).toBeUndefined();
    expect(typing_until - actions[0].at).toBe(20_000);
    vi.spyOn(Date, "now").mockReturnValue(typing_until);
    const later = await threadOf(USER);
    expect(later.typing).toBe(false);
    expect(later.actions[0]).toMatchObject({ ended_at: typing_until, ended_by: "time" });
  });

  it("shows the page's reaction", async () => {
    webhook();
    const { mid } = (await write(USER, "hello")).body;
    await action("react", { payload: { message_id: mid, reaction: "smile" } });
    expect((await threadOf(USER)).messages[0].reaction).toEqual({ from: "page", reaction: "smile" });
    await action("unreact", { payload: { message_id: mid } });
    expect((await threadOf(USER)).messages[0].reaction).toBeUndefined();
    expect((await action("react", { payload: { message_id: "m_none" } })).body.error.code).toBe(100);
  });

  it("of nobody does not exist", async () => {
    expect((await control("GET", "/users/7999/thread")).body.error.code).toBe("no_such_user");
  });
});

describe("the list of users", () => {
  it("has the latest active first, with their last line", async () => {
    webhook();
    await write("7001", "first");
    await write("7002", "second");
    await control("PUT", "/users/7003", { first_name: "Quiet", last_name: "One" });
    await sendTo("7001", { text: "answer" });
    expect((await control("GET", "/users")).body.data).toMatchObject([
      { id: "7001", last_message: { from: "page", text: "answer" } },
      { id: "7002", last_message: { from: "user", text: "second" } },
      { id: "7003", name: "Quiet One", last_message: null },
    ]);
  });
});

describe("reset", () => {
  it("forgets users, threads, waiting events, deliveries, faults, settings and the clock", async () => {
    const posts = webhook();
    await control("PUT", "/faults", { webhook: { hold: true }, graph: [{ times: 9 }] });
    await control("PUT", "/settings", { receipts: { echo: false } });
    await control("PUT", "/clock", { offset_ms: 5000 });
    await write(USER, "never sent");
    await control("POST", "/reset");
    expect((await control("GET", "/users")).body.data).toEqual([]);
    expect((await control("GET", "/deliveries")).body.data).toEqual([]);
    expect((await control("GET", "/faults")).body).toMatchObject({ graph: [], webhook: { hold: false } });
    expect((await control("GET", "/settings")).body.receipts.echo).toBe(true);
    expect((await control("GET", "/clock")).body.offset_ms).toBe(0);
    await write(USER, "after");
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
    expect(eventsOf(posts)[0].message.text).toBe("after");
  });
});
