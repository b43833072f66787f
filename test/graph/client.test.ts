import { afterEach, describe, expect, it, vi } from "vitest";
import { GraphClient } from "../../src/graph/client.ts";
import type { Recipient } from "../../src/graph/recipient.ts";
import { pageId } from "../../src/ids.ts";

const settings = { url: "https://graph.invalid", version: "v25.0", appSecret: "app-secret" };
const client = new GraphClient(settings, pageId("1001"), "page-token");
const USER = { id: "7001" };
/** printf page-token | openssl dgst -sha256 -hmac app-secret */
const PROOF = "d8b448b9cc7d64c51098271805b3cc20b5b715e52bd587eb71b610259587c856";

const answering = (respond: () => Response | Promise<Response>) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => respond());
afterEach(() => vi.restoreAllMocks());

const outcomeOf = (response: Response | Error) => {
  answering(() => {
    if (response instanceof Error) throw response;
    return response;
  });
  return client.send(USER, '{"message":{"text":"Hi"}}');
};
const failing = (status: number, error: Record<string, unknown>, headers = {}) =>
  outcomeOf(
    Response.json({ error: { message: "words", type: "OAuthException", ...error } }, { status, headers }),
  );

describe("a send", () => {
  it("is the page's call of the Send API, token and proof not in its URL", async () => {
    const fetched = answering(() => Response.json({ recipient_id: "7001", message_id: "m_1" }));
    expect(await client.send(USER, '{"messaging_type":"RESPONSE","message":{"text":"Hi"}}')).toEqual({
      kind: "sent",
      mid: "m_1",
      recipientId: "7001",
    });
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("https://graph.invalid/v25.0/1001/messages");
    expect(init?.headers).toMatchObject({ authorization: "Bearer page-token" });
    expect(JSON.parse(String(init?.body))).toEqual({
      recipient: { id: "7001" },
      appsecret_proof: PROOF,
      messaging_type: "RESPONSE",
      message: { text: "Hi" },
    });
  });

  it("reaches everyone whom Meta lets a page write to", async () => {
    const recipients: Recipient[] = [
      { user_ref: "ref-4711" },
      { comment_id: "100_200" },
      { post_id: "100_201" },
      { phone_number: "+15550100", name: { first_name: "Ada", last_name: "Doe" } },
      { one_time_notif_token: "otn" },
      { notification_messages_token: "nmt" },
    ];
    for (const recipient of recipients) {
      const fetched = answering(() => Response.json({ message_id: "m_1" }));
      await client.send(recipient, '{"message":{"text":"Hi"}}');
      expect(JSON.parse(String(fetched.mock.lastCall?.[1]?.body)).recipient).toEqual(recipient);
    }
  });

  it("tells what Meta's answer names: whom it reached, and the file that Meta keeps", async () => {
    answering(() => Response.json({ recipient_id: "7002", message_id: "m_1", attachment_id: "33" }));
    expect(await client.send({ comment_id: "100_200" }, '{"message":{"text":"Hi"}}')).toEqual({
      kind: "sent",
      mid: "m_1",
      recipientId: "7002",
      attachmentId: "33",
    });
  });

  it("lets no body replace whom it goes to or its proof", async () => {
    const fetched = answering(() => Response.json({ message_id: "m_1" }));
    await client.send(USER, '{"recipient":{"id":"1"},"appsecret_proof":"x","message":{"text":"Hi"}}');
    const body = JSON.parse(String(fetched.mock.calls[0]?.[1]?.body));
    expect(body).toMatchObject({ recipient: { id: "7001" }, appsecret_proof: PROOF });
  });

  it("shows an action without caring what comes of it", async () => {
    const fetched = answering(() => Promise.reject(new TypeError("cut")));
    await client.act(USER, "typing_on");
    expect(JSON.parse(String(fetched.mock.calls[0]?.[1]?.body))).toMatchObject({
      sender_action: "typing_on",
    });
  });
});

describe("how a send ends", () => {
  it("a development app's refusal is told from a missing permission by its words", async () => {
    const message = "(#200) Cannot message users who are not admins, developers or testers of the app";
    expect(await failing(403, { code: 200, message })).toMatchObject({
      kind: "failed",
      code: "app_in_development",
    });
  });

  it("waits as long as Meta asks", async () => {
    expect(await failing(429, { code: 613 }, { "retry-after": "30" })).toMatchObject({ afterMs: 30_000 });
    const usage = JSON.stringify({
      1001: [{ type: "messenger", call_count: 100, estimated_time_to_regain_access: 7 }],
    });
    expect(await failing(400, { code: 80006 }, { "x-business-use-case-usage": usage })).toMatchObject({
      afterMs: 420_000,
    });
    const fraction = JSON.stringify({ 1001: [{ estimated_time_to_regain_access: 1.00001 }] });
    expect(await failing(400, { code: 80006 }, { "x-business-use-case-usage": fraction })).toMatchObject({
      afterMs: 60_001,
    });
    expect(await failing(400, { code: 4 }, { "x-business-use-case-usage": "{" })).toEqual({
      kind: "retry",
      code: "rate_limited",
      reason: "(#4) words",
    });
  });

  it("an answer that isn't Meta's form is tried again; a proxy's is unknown, it may have passed the message on", async () => {
    const html = (status: number) => outcomeOf(new Response("<html>", { status }));
    expect(await html(503)).toEqual({ kind: "retry", code: "temporary", reason: "HTTP 503" });
    expect(await html(429)).toMatchObject({ kind: "retry", code: "rate_limited" });
    expect(await html(502)).toEqual({ kind: "unknown", reason: "HTTP 502" });
    expect(await html(504)).toEqual({ kind: "unknown", reason: "HTTP 504" });
  });

  it("an error that Meta calls transient is tried again whatever its code, but holds stay holds", async () => {
    expect(await failing(400, { code: 10, is_transient: true })).toMatchObject({
      kind: "retry",
      code: "temporary",
    });
    expect(await failing(400, { code: 190, is_transient: true })).toMatchObject({ kind: "hold" });
    expect(await failing(400, { code: 100, error_subcode: null, is_transient: null })).toMatchObject({
      kind: "failed",
    });
  });

  it("a proof made with another app secret holds the page's messages instead of losing them", async () => {
    const message = "Invalid appsecret_proof provided in the API argument";
    expect(await failing(400, { code: 100, message })).toMatchObject({
      kind: "hold",
      code: "app_secret_mismatch",
    });
  });

  it("no answer means unknown, unless the request can't have left", async () => {
    expect(await outcomeOf(new Error("Network connection lost."))).toMatchObject({ kind: "unknown" });
    expect(await outcomeOf(new DOMException("slow", "TimeoutError"))).toMatchObject({ kind: "unknown" });
    expect(await outcomeOf(new Error("connect ECONNREFUSED: connection refused"))).toMatchObject({
      kind: "retry",
    });
    const cut = new ReadableStream({ start: (controller) => controller.error(new Error("cut")) });
    expect(await outcomeOf(new Response(cut))).toMatchObject({ kind: "unknown" });
  });

  it("a 200 with anything but Graph's JSON is unknown: who knows what answered", async () => {
    for (const body of ["", "<html>", '{"message_id":"m_', "[]", "null"]) {
      expect(await outcomeOf(new Response(body))).toEqual({
        kind: "unknown",
        reason: "the answer was not Graph's",
      });
    }
    expect(await outcomeOf(Response.json({ recipient_id: 7001 }))).toEqual({ kind: "sent", mid: null });
  });

  it("an error inside a 200 is an error", async () => {
    expect(await outcomeOf(Response.json({ error: { code: 190, message: "expired" } }))).toMatchObject({
      kind: "hold",
    });
  });

  it("never repeats the token or the proof in a reason", async () => {
    for (const outcome of [
      await failing(400, { code: 100 }),
      await outcomeOf(new Error("Network connection lost.")),
      await failing(400, { code: 190, message: "Malformed access token page-token" }),
    ]) {
      expect(JSON.stringify(outcome)).not.toMatch(new RegExp(`page-token|${PROOF}`));
    }
  });
});

describe("thread control", () => {
  it("is the page's call, and done when Meta says success", async () => {
    const fetched = answering(() => Response.json({ success: true }));
    const fields = { target_app_id: "263902037430900", metadata: "why" };
    expect(await client.control("pass_thread_control", USER, fields)).toEqual({ kind: "sent", mid: null });
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("https://graph.invalid/v25.0/1001/pass_thread_control");
    expect(JSON.parse(String(init?.body))).toEqual({ ...fields, recipient: USER, appsecret_proof: PROOF });
  });

  it("needs no fields", async () => {
    const fetched = answering(() => Response.json({ success: true }));
    await client.control("take_thread_control", USER, {});
    expect(JSON.parse(String(fetched.mock.calls[0]?.[1]?.body))).toMatchObject({ recipient: USER });
  });

  it("is not done when Meta says so without a reason", async () => {
    answering(() => Response.json({ success: false }));
    expect(await client.control("release_thread_control", USER, {})).toMatchObject({ kind: "retry" });
  });

  it("that the page has no use for is told from one that failed", async () => {
    const message = "(#10) Handover Protocol APIs disabled for this page";
    answering(() => Response.json({ error: { code: 10, message } }, { status: 400 }));
    expect(await client.control("request_thread_control", USER, {})).toMatchObject({
      kind: "failed",
      code: "handover_disabled",
    });
  });
});

describe("any other call", () => {
  it("has its proof in the body, or in the query if it has none", async () => {
    const fetched = answering(() => Response.json({ data: [] }));
    expect(await client.call("GET", "me/personas", { query: { limit: "5" } })).toEqual({
      ok: true,
      value: { data: [] },
    });
    expect(fetched.mock.lastCall?.[0]).toBe(
      `https://graph.invalid/v25.0/me/personas?limit=5&appsecret_proof=${PROOF}`,
    );
    await client.call("DELETE", "me/messenger_profile", {
      query: { a: "b" },
      body: { fields: ["greeting"] },
    });
    const [url, init] = fetched.mock.lastCall ?? [];
    expect(url).toBe("https://graph.invalid/v25.0/me/messenger_profile?a=b");
    expect(init).toMatchObject({ method: "DELETE", redirect: "manual" });
    expect(init?.headers).toMatchObject({ authorization: "Bearer page-token" });
    expect(JSON.parse(String(init?.body))).toEqual({ fields: ["greeting"], appsecret_proof: PROOF });
  });

  it("fails with Meta's own words, and says whether it would fail again", async () => {
    answering(() => Response.json({ error: { code: 100, message: "Bad" } }, { status: 400 }));
    expect(await client.call("GET", "me")).toMatchObject({
      ok: false,
      status: 400,
      code: "invalid",
      reason: "(#100) Bad",
      isFinal: true,
      error: { code: 100 },
    });
    answering(() =>
      Response.json(
        { error: { code: 4, message: "Slow" } },
        { status: 400, headers: { "retry-after": "9" } },
      ),
    );
    expect(await client.call("GET", "me")).toMatchObject({
      code: "rate_limited",
      isFinal: false,
      afterMs: 9000,
    });
  });

  it("that wasn't answered, or not by Graph, is told from one that never left", async () => {
    answering(() => Promise.reject(new DOMException("slow", "TimeoutError")));
    expect(await client.call("GET", "me")).toMatchObject({ status: null, code: "no_answer", isFinal: false });
    answering(() => Promise.reject(new Error("connection refused")));
    expect(await client.call("GET", "me")).toMatchObject({ status: null, code: "temporary" });
    answering(() => new Response("<html>"));
    expect(await client.call("GET", "me")).toMatchObject({ status: 200, code: "no_answer" });
    answering(() => new Response(null, { status: 302, headers: { location: "https://elsewhere.invalid" } }));
    expect(await client.call("GET", "me")).toMatchObject({ status: 302, code: "temporary" });
  });
});
