import { beforeEach, describe, expect, it } from "vitest";
import { act, control, freshSimulator, graph, latestOf, PAGE_ID, sendTo, webhook, write } from "./world.ts";

const USER = "7001";
const HOUR = 3_600_000;
const mid = expect.any(String);

beforeEach(freshSimulator);

describe("what a person sends", () => {
  it.each([
    [
      "several images",
      { attachments: [1, 2].map((n) => ({ type: "image", url: `https://example.com/${n}` })) },
      {
        message: {
          mid,
          attachments: [1, 2].map((n) => ({ type: "image", payload: { url: `https://example.com/${n}` } })),
        },
      },
    ],
    [
      "a sticker",
      { sticker: "369239263222822" },
      {
        message: {
          mid,
          sticker_id: 369239263222822,
          attachments: [
            { type: "sticker", payload: { url: expect.any(String), sticker_id: 369239263222822 } },
          ],
        },
      },
    ],
    [
      "a shared page",
      { attachment: { type: "fallback", title: "A page", url: "https://example.com/", payload: null } },
      {
        message: {
          mid,
          attachments: [{ type: "fallback", title: "A page", url: "https://example.com/", payload: null }],
        },
      },
    ],
    [
      "a reel",
      { attachment: { type: "ig_reel", url: "https://example.com/r", reel_video_id: "1", title: "Reel" } },
      {
        message: {
          mid,
          attachments: [
            {
              type: "ig_reel",
              payload: { url: "https://example.com/r", reel_video_id: "1", title: "Reel" },
            },
          ],
        },
      },
    ],
    [
      "an answer to a story",
      { text: "Nice", reply_to: { story: { id: "1", url: "https://example.com/s" } } },
      { message: { mid, text: "Nice", reply_to: { story: { id: "1", url: "https://example.com/s" } } } },
    ],
    [
      "a command",
      { text: "/help", commands: [{ name: "help" }] },
      { message: { mid, text: "/help", commands: [{ name: "help" }] } },
    ],
    [
      "something Meta cannot tell",
      { text: "?", is_unsupported: true },
      { message: { mid, text: "?", is_unsupported: true } },
    ],
    [
      "a first message from an ad",
      { text: "Hi", referral: { ref: "ad", source: "ADS", ad_id: "9" } },
      {
        message: { mid, text: "Hi", referral: { ref: "ad", source: "ADS", type: "OPEN_THREAD", ad_id: "9" } },
      },
    ],
    [
      "the start by a link",
      { get_started: true, referral: { ref: "poster" } },
      {
        postback: {
          mid,
          title: "Get Started",
          payload: "GET_STARTED",
          referral: { ref: "poster", source: "SHORTLINK", type: "OPEN_THREAD" },
        },
      },
    ],
    [
      "a linked account",
      { account_linking: { status: "linked", authorization_code: "code" } },
      { account_linking: { status: "linked", authorization_code: "code" } },
    ],
    [
      "their address",
      { customer_information: { screens: [{ screen_id: "0", responses: [{ key: "city", value: "Ulm" }] }] } },
      {
        messaging_customer_information: {
          screens: [{ screen_id: "0", responses: [{ key: "city", value: "Ulm" }] }],
        },
      },
    ],
    [
      "feedback about an answer",
      { response_feedback: { feedback: "Good Response", mid: "m_1" } },
      { response_feedback: { feedback: "Good Response", mid: "m_1" } },
    ],
    [
      "feedback in a form",
      { messaging_feedback: { feedback_screens: [{ screen_id: 0, questions: {} }] } },
      { messaging_feedback: { feedback_screens: [{ screen_id: 0, questions: {} }] } },
    ],
    [
      "a delivery receipt",
      { delivery: { mids: ["m_1"], watermark: 5 } },
      { delivery: { mids: ["m_1"], watermark: 5 } },
    ],
    ["a read receipt", { read: { watermark: 5 } }, { read: { watermark: 5 } }],
    ["a game", { raw: { game_play: { game_id: "1" } } }, { game_play: { game_id: "1" } }],
  ])("reaches the webhook: %s", async (_name, body, event) => {
    const posts = webhook();
    const said = await act(USER, body);
    const posted = await latestOf(posts, 1);
    const head = { sender: { id: USER }, recipient: { id: PAGE_ID }, timestamp: said.timestamp };
    expect(posted).toEqual({ ...head, ...event });
    expect(said.event).toEqual(posted);
  });

  it("may have happened earlier", async () => {
    const posts = webhook();
    const timestamp = Date.now() - 48 * HOUR;
    await act(USER, { text: "yesterday", timestamp });
    expect((await latestOf(posts, 1)).timestamp).toBe(timestamp);
  });

  it("can answer a message that is there, and none that is not", async () => {
    const posts = webhook();
    await write(USER, "hello");
    const { message_id } = (await sendTo(USER, { text: "hi" })).body;
    await act(USER, { text: "this one", reply_to: { mid: message_id } });
    const posted = await latestOf(posts, 5);
    expect(posted.message.reply_to).toEqual({ mid: message_id });
    await expect(act(USER, { text: "that one", reply_to: { mid: "m_none" } })).rejects.toThrow("m_none");
  });

  it.each([
    [
      "reply_to beside a postback",
      { postback: { title: "A", payload: "A" }, reply_to: { mid: "m" } },
      "reply_to",
    ],
    ["a referral beside a reaction", { reaction: { mid: "m" }, referral: {} }, "exactly one"],
    ["an unknown verb", { comment: { verb: "shout" } }, "comment.verb"],
    ["an edit without words", { edit: { mid: "m" } }, "edit.text"],
    ["an opt-in with unknown fields", { optin: { wish: 1 } }, "optin"],
  ])("is refused, naming the field: %s", async (_name, body, field) => {
    const answer = await control("POST", `/users/${USER}/messages`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain(field);
  });

  it("starts with the payload the page's profile chose", async () => {
    const posts = webhook();
    await graph("/me/messenger_profile", { get_started: { payload: "WELCOME" } });
    await act(USER, { get_started: true });
    expect((await latestOf(posts, 1)).postback.payload).toBe("WELCOME");
  });
});
