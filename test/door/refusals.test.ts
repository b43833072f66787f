import { afterEach, describe, expect, it, vi } from "vitest";
import { failedAnswer } from "../../src/door/messages.ts";
import { errorAnswer } from "../../src/door/meta-error.ts";
import { refusedAs } from "../../src/door/refusals.ts";
import { ingest, messagesOf, says } from "../support/conversation.ts";
import { allDone, errorOf, graph, OPERATOR, saying, send, writer } from "./support.ts";

/** Messages that don't go out, and how a client learns it. */

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

describe("what is wrong with a message", () => {
  it.each<[string, unknown, string]>([
    ["nobody to send it to", { message: { text: "a" } }, "recipient is required"],
    ["nothing to send", { recipient: { id: "7" } }, "message or sender_action"],
    ["a message that is none", { recipient: { id: "7" }, message: { txt: "a" } }, "message: "],
    [
      "a text too long for one message",
      { recipient: { id: "7" }, message: { text: "a".repeat(2001) } },
      "message.text: at most 2000",
    ],
    [
      "two recipients",
      { recipient: { user_ref: "a", comment_id: "1" }, message: { text: "a" } },
      "recipient: ",
    ],
    ["an id that nobody has", { recipient: { id: "a/b" }, message: { text: "a" } }, "recipient: "],
    ["an unknown action", { recipient: { id: "7" }, sender_action: "dance" }, "sender_action: "],
  ])("is told in Meta's form, with the place: %s", async (_, body, words) => {
    const calls = graph();
    const error = await errorOf(await send(body));
    expect(error).toMatchObject({
      status: 400,
      code: 100,
      type: "OAuthException",
      messengate_code: "invalid",
    });
    expect(error.message).toMatch(/^\(#100\) /);
    expect(error.message).toContain(words);
    expect(calls).toEqual([]);
  });

  it("is that the window is closed", async () => {
    const calls = graph();
    const { id } = await writer(25);
    const error = await errorOf(await send(saying(id, "late")));
    expect(error).toMatchObject({
      status: 400,
      code: 10,
      error_subcode: 2018278,
      messengate_code: "window_closed",
    });
    expect(error.message).toMatch(
      /^\(#10\) This message is sent outside of allowed window\. The window closed at/,
    );
    expect(calls).toEqual([]);
  });

  it("is that somebody else has the conversation", async () => {
    graph();
    const { id } = await writer();
    await send(saying(id, "I take over"), OPERATOR);
    const error = await errorOf(await send(saying(id, "Me too")));
    expect(error).toMatchObject({
      status: 400,
      code: 10,
      error_subcode: 2018300,
      messengate_code: "not_owner",
    });
  });

  it("is that its tag is retired", async () => {
    graph();
    const { id } = await writer();
    const tagged = { messaging_type: "MESSAGE_TAG", tag: "ACCOUNT_UPDATE", ...saying(id, "x") };
    expect(await errorOf(await send(tagged))).toMatchObject({ code: 100, messengate_code: "tag_retired" });
  });

  it("is Meta's to say, in its own words and status, and not said twice", async () => {
    const body =
      '{"error":{"message":"(#551) This person isn\'t available right now.","type":"OAuthException","code":551,"error_subcode":1545041,"fbtrace_id":"AbC"}}';
    const calls = graph(() => new Response(body, { status: 400 }));
    const { id, stub } = await writer();
    const response = await send(saying(id, "Hi"));
    expect([response.status, await response.text()]).toEqual([400, body]);
    await allDone();
    expect(calls).toHaveLength(1);
    expect(await messagesOf(stub)).toMatchObject([{ status: "failed", code: "user_unavailable" }]);
  });

  it("passes: Meta's word for that comes back, and the message is not tried again", async () => {
    const body =
      '{"error":{"message":"Service temporarily unavailable","type":"OAuthException","is_transient":true,"code":2}}';
    const calls = graph(() => new Response(body, { status: 500 }));
    const { id, stub } = await writer();
    const response = await send(saying(id, "Hi"));
    expect([response.status, await response.text()]).toEqual([500, body]);
    await allDone();
    expect(calls).toHaveLength(1);
    expect(await messagesOf(stub)).toMatchObject([{ status: "failed", code: "temporary" }]);
  });

  it("is that Meta can't be reached: nothing was sent, and it may be tried again", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("connection refused"));
    const { id } = await writer();
    expect(await errorOf(await send(saying(id, "Hi")))).toMatchObject({
      status: 500,
      code: 2,
      is_transient: true,
      messengate_code: "temporary",
    });
  });

  it("is a proxy's page in Meta's place: no client has to read it", async () => {
    graph(() => new Response("<html>busy</html>", { status: 503 }));
    const { id } = await writer();
    expect(await errorOf(await send(saying(id, "Hi")))).toMatchObject({ code: 2, is_transient: true });
  });

  it("is that nobody knows whether it was sent: that isn't called transient, and an echo still tells", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("The operation timed out"));
    const { id, stub } = await writer();
    const asked = send(saying(id, "Hi"));
    await vi.waitFor(async () => {
      expect(await messagesOf(stub)).toMatchObject([{ status: "sending", failures: 1 }]);
    });
    const metadata = lastMark();
    await ingest(stub, [
      says("echo", { type: "echo", opensWindow: false, forward: false, echo: { mid: "m_echo", metadata } }),
    ]);
    const response = await asked;
    expect(await response.json()).toEqual({ recipient_id: id, message_id: "m_echo" });
  });
});

it("says in a header only what a header takes", async () => {
  const reason = 'Sitzung „abgelaufen“\n – bitte "neu" anmelden';
  const response = errorAnswer(refusedAs({ code: "needs_reauth", reason }));
  expect(response.headers.get("www-authenticate")).toMatch(
    /^OAuth "Facebook Platform" "invalid_token" "[^"]+"$/,
  );
  expect((await errorOf(response)).message).toContain(reason);
});

it("doesn't invite anybody to repeat what may have been sent", async () => {
  const unknown = { state: "unknown" as const, mid: null, code: null, reason: null, meta: null };
  const error = await errorOf(failedAnswer(unknown));
  expect(error).toMatchObject({
    status: 500,
    code: 1,
    is_transient: false,
    messengate_code: "outcome_unknown",
  });
});

/** What the last message carried to be known by. */
function lastMark(): string {
  const [, init] = vi.mocked(fetch).mock.lastCall ?? [];
  return JSON.parse(String(init?.body)).message.metadata;
}
