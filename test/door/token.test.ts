import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Config, configOf } from "../../src/env.ts";
import { channelId } from "../../src/pages/channel-id.ts";
import { seal } from "../../src/pages/sealing.ts";
import { directoryOf } from "../../src/pages/served.ts";
import { allDone, errorOf, get, graph, KEY, knock, PAGE, post, somebody, TOKEN } from "./support.ts";

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

const form = (fields: Record<string, string>): RequestInit => ({
  method: "POST",
  body: new URLSearchParams(fields),
});
const multipart = (fields: Record<string, string>): RequestInit => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return { method: "POST", body };
};
const json = (body: unknown, headers = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

const ME = "/v25.0/me";
const PROFILE = `${ME}/messenger_profile`;
const get_started = JSON.stringify({ payload: "START" });

/** hex HMAC-SHA256 of a text */
async function hmac(secret: string, text: string): Promise<string> {
  const bytes = (one: string) => new TextEncoder().encode(one);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(text))).toHex();
}

describe("a gateway key stands where Meta has a token", () => {
  it.each<[string, string, RequestInit]>([
    ["the query", `${PROFILE}?access_token=${KEY}`, json({ get_started: { payload: "START" } })],
    ["a JSON body", PROFILE, json({ access_token: KEY, get_started: { payload: "START" } })],
    ["a form", PROFILE, form({ access_token: KEY, get_started })],
    ["a multipart form", PROFILE, multipart({ access_token: KEY, get_started })],
    [
      "a bearer's header",
      PROFILE,
      json({ get_started: { payload: "START" } }, { authorization: `Bearer ${KEY}` }),
    ],
    [
      "Meta's older header",
      PROFILE,
      json({ get_started: { payload: "START" } }, { authorization: `OAuth ${KEY}` }),
    ],
  ])("in %s", async (_, path, init) => {
    const calls = graph(() => Response.json({ result: "success" }));
    const response = await knock(path, init);
    expect([response.status, await response.json()]).toEqual([200, { result: "success" }]);
    expect(calls).toHaveLength(1);
    const [call] = calls;
    expect(call?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(call?.body).toEqual({ get_started: { payload: "START" } });
    expect(call?.url.href).not.toContain(KEY);
  });

  it("of any role", async () => {
    graph(() => Response.json({ id: PAGE, name: "Sample" }));
    for (const key of [KEY, "operator-key-of-the-tests-1", "admin-key-of-the-tests-0001"]) {
      expect((await get(`${ME}?fields=id,name`, key)).status).toBe(200);
    }
  });

  it("and the page's own token doesn't", async () => {
    const calls = graph();
    expect(await errorOf(await get(ME, TOKEN))).toMatchObject({ code: 190 });
    expect(calls).toEqual([]);
  });

  it("and is missed in Meta's words", async () => {
    const calls = graph();
    const wrong = await get(ME, "no-such-key-000000000000000");
    expect(wrong.headers.get("www-authenticate")).toContain("invalid_token");
    expect(await errorOf(wrong)).toEqual({
      status: 400,
      message: "Invalid OAuth access token - Cannot parse access token",
      type: "OAuthException",
      code: 190,
      messengate_code: "key_required",
      fbtrace_id: expect.stringMatching(/^[\w-]{11}$/),
    });
    expect(await errorOf(await knock(ME))).toMatchObject({ status: 400, code: 2500 });
    expect(await errorOf(await knock("/v25.0/7001"))).toMatchObject({ status: 400, code: 104 });
    expect(calls).toEqual([]);
  });
});

describe("appsecret_proof", () => {
  const asked = (proof: string) => get(`${ME}?fields=id&appsecret_proof=${proof}`);

  it("of the key under the app's secret is taken, and Meta gets its own", async () => {
    const calls = graph(() => Response.json({ id: PAGE }));
    const proof = await hmac("first-app-secret", KEY);
    expect((await asked(proof)).status).toBe(200);
    expect(calls[0]?.url.searchParams.get("appsecret_proof")).toBe(await hmac("first-app-secret", TOKEN));
  });

  it("that is wrong is refused in Meta's words", async () => {
    const calls = graph();
    const others = [await hmac("first-app-secret", TOKEN), await hmac("other-secret", KEY), "", "zz", "%00"];
    for (const proof of others) {
      expect(await errorOf(await asked(proof))).toMatchObject({
        status: 400,
        code: 100,
        type: "GraphMethodException",
        message: "Invalid appsecret_proof provided in the API argument",
      });
    }
    expect(calls).toEqual([]);
  });

  it("is made with the bot's own secret where it has one", async () => {
    graph(() => Response.json({ id: PAGE }));
    const read = configOf(env);
    if (!read.ok) throw new Error("no settings");
    const bot = { ...read.config.bot, appSecret: "secret-of-the-bot" };
    const ask = async (secret: string) => {
      const proof = await hmac(secret, KEY);
      return knock(`${ME}?fields=id&access_token=${KEY}&appsecret_proof=${proof}`, {}, { bot });
    };
    expect((await ask("secret-of-the-bot")).status).toBe(200);
    expect(await errorOf(await ask("first-app-secret"))).toMatchObject({ code: 100 });
  });
});

describe("the page a key is good for", () => {
  const OTHER = "100200300400777";
  const key = (pages: string[] | undefined): Partial<Config> => {
    const read = configOf(env);
    if (!read.ok) throw new Error("no settings");
    const pageTokens = new Map([...read.config.pageTokens, [OTHER as never, "TOKEN-OF-THE-OTHER"]]);
    return { pageTokens, apiKeys: [{ name: "bot", role: "bot", key: KEY, ...(pages ? { pages } : {}) }] };
  };
  const ask = (path: string, pages: string[] | undefined) =>
    knock(`/v25.0/${path}?fields=id&access_token=${KEY}`, {}, key(pages));
  const pagesAsked = (calls: { url: URL; headers: Headers }[]) =>
    calls.map(({ url, headers }) => [url.pathname, headers.get("authorization")]);

  it("is me, if it is one", async () => {
    const calls = graph(() => Response.json({ id: "1" }));
    await ask("me", [OTHER]);
    await ask(OTHER, [OTHER]);
    const other = [`/v25.0/${OTHER}`, "Bearer TOKEN-OF-THE-OTHER"];
    expect(pagesAsked(calls)).toEqual([other, other]);
  });

  it("has to be named, if there are several", async () => {
    const calls = graph(() => Response.json({ id: "1" }));
    for (const pages of [undefined, [PAGE, OTHER]]) {
      expect(await errorOf(await ask("me", pages))).toMatchObject({
        code: 100,
        messengate_code: "page_required",
      });
      expect((await ask(OTHER, pages)).status).toBe(200);
    }
    expect(calls).toHaveLength(2);
  });

  it("may be one that was connected while the gateway runs, also by its id alone", async () => {
    const calls = graph(() => Response.json({ id: "1" }));
    const page = "100200300400779";
    const channel = {
      source: "facebook" as const,
      facebookPage: page,
      appId: null,
      name: null,
      imageUrl: null,
    };
    const config = { sealingKeys: [new Uint8Array(32)] };
    const token = await seal(config.sealingKeys, "TOKEN-KEPT", { page, purpose: "page_token" });
    await env.PAGE.getByName(page).connectChannel({ ...channel, token });
    const id = await channelId("facebook", page);
    const state = { isConnected: true, tokenIn: "object" as const, connectedAt: 1 };
    await directoryOf(env).put({ ...channel, ...state, id, sourceChannelId: page });
    for (const pages of [undefined, [page, OTHER]]) {
      const path = `/v25.0/${page}?fields=id&access_token=${KEY}`;
      expect((await knock(path, {}, { ...key(pages), ...config })).status).toBe(200);
    }
    const one = [`/v25.0/${page}`, "Bearer TOKEN-KEPT"];
    expect(pagesAsked(calls)).toEqual([one, one]);
  });

  it("isn't any other, served here or not", async () => {
    const calls = graph();
    const refused = { status: 400, code: 200, type: "OAuthException", messengate_code: "page_not_allowed" };
    expect(await errorOf(await ask(PAGE, [OTHER]))).toMatchObject(refused);
    for (const page of [PAGE, "424242"]) {
      const path = `/v25.0/${page}/messages?access_token=${KEY}`;
      const init = json({ recipient: { id: somebody() }, message: { text: "Hi" } });
      expect(await errorOf(await knock(path, init, key([OTHER])))).toMatchObject(refused);
    }
    expect(await errorOf(await post("/v25.0/424242/messages", { message: { text: "Hi" } }))).toMatchObject(
      refused,
    );
    expect(calls).toEqual([]);
  });
});

describe("what isn't a call of Graph's", () => {
  it.each(["OPTIONS", "PUT", "PATCH"])("is refused: %s", async (method) => {
    const response = await knock(`${ME}?access_token=${KEY}`, { method });
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 100 });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is refused: HEAD", async () => {
    expect((await knock(`${ME}?access_token=${KEY}`, { method: "HEAD" })).status).toBe(400);
  });

  it("is refused when its body is none", async () => {
    const bodies = ["{", "[1]", '"text"', "1"];
    for (const body of bodies) {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const response = await knock(`${ME}/messages?access_token=${KEY}`, init);
      expect(await errorOf(response)).toMatchObject({ status: 400, code: 100 });
    }
    const large = json({ message: { text: "a".repeat(300_000) } });
    expect(await errorOf(await knock(`${ME}/messages?access_token=${KEY}`, large))).toMatchObject({
      status: 413,
      code: 100,
      messengate_code: "body_too_large",
    });
  });
});
