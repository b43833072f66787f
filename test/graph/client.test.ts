import { afterEach, describe, expect, it, vi } from "vitest";
import { GraphClient } from "../../src/graph/client.ts";
import { pageId, userId, userIdOfRef } from "../../src/ids.ts";

const settings = { url: "https://graph.invalid", version: "v25.0", appSecret: "app-secret" };
const client = new GraphClient(settings, pageId("1001"), "page-token");
const USER = userId("7001");
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

  it("reaches a user who is known only by a checkbox reference", async () => {
    const fetched = answering(() => Response.json({ message_id: "m_1" }));
    await client.send(userIdOfRef("ref-4711"), '{"message":{"text":"Hi"}}');
    expect(JSON.parse(String(fetched.mock.calls[0]?.[1]?.body)).recipient).toEqual({ user_ref: "ref-4711" });
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
  const verdicts: [number, number, number | undefined, string, string | undefined][] = [
    // status, code, subcode → kind, code
    [500, 1, undefined, "retry", "temporary"],
    [500, 2, undefined, "retry", "temporary"],
    [400, 1200, undefined, "retry", "temporary"],
    [400, 1, 99, "failed", "permission"],
    [400, 1, 1357046, "unknown", undefined],
    [400, 4, undefined, "retry", "rate_limited"],
    [400, 17, undefined, "retry", "rate_limited"],
    [400, 32, undefined, "retry", "rate_limited"],
    [400, 613, 1893015, "retry", "rate_limited"],
    [400, 80006, undefined, "retry", "rate_limited"],
    [400, 4, 2018354, "failed", "too_frequent"],
    [400, 9, 2018352, "failed", "too_frequent"],
    [400, 10, 2018278, "failed", "window_closed"],
    [400, 10, 2018065, "failed", "window_closed"],
    [400, 10, undefined, "failed", "permission"],
    [403, 200, undefined, "failed", "permission"],
    [403, 230, undefined, "failed", "permission"],
    [403, 3, undefined, "failed", "permission"],
    [400, 100, 2018001, "failed", "no_such_user"],
    [400, 100, 33, "failed", "invalid"],
    [400, 100, 2018109, "failed", "attachment"],
    [400, 100, 2018047, "failed", "attachment"],
    [400, 100, 2018008, "retry", "attachment"],
    [400, 100, 2018294, "retry", "attachment"],
    [400, 100, undefined, "failed", "invalid"],
    [400, 105, undefined, "failed", "invalid"],
    [400, 194, undefined, "failed", "invalid"],
    [401, 190, 463, "hold", "needs_reauth"],
    [400, 190, undefined, "hold", "needs_reauth"],
    [403, 200, 1545041, "failed", "user_unavailable"],
    [400, 551, 1545041, "failed", "user_unavailable"],
    [403, 200, 2018027, "failed", "app_in_development"],
    [403, 200, 2018028, "failed", "app_in_development"],
    [403, 200, 2018300, "failed", "not_thread_owner"],
    [403, 10, 2534022, "failed", "not_thread_owner"],
    [400, 368, undefined, "hold", "page_blocked"],
    [400, 999999, undefined, "retry", "unknown_error"],
  ];
  for (const [status, code, subcode, kind, name] of verdicts) {
    it(`${code}${subcode ? `/${subcode}` : ""} (HTTP ${status}) → ${kind} ${name ?? ""}`, async () => {
      const outcome = await failing(status, subcode ? { code, error_subcode: subcode } : { code });
      expect(outcome).toMatchObject(name === undefined ? { kind } : { kind, code: name });
      expect(outcome).toMatchObject({ reason: expect.stringContaining(`(#${code}`) });
    });
  }

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
    expect(await outcomeOf(Response.json({ recipient_id: "7001" }))).toEqual({ kind: "sent", mid: null });
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
    ]) {
      expect(JSON.stringify(outcome)).not.toMatch(new RegExp(`page-token|${PROOF}`));
    }
  });
});
