import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { readConfig } from "../../src/env.ts";
import { takeIn } from "../../src/webhook/intake.ts";
import { EVENTS, envelope, PAGE, text } from "../fixtures/events.ts";
import { codeOf, conversation, get, post, send } from "../support/gateway.ts";
import { signature, signedPost } from "../support/webhook.ts";

const stored = (user: string) =>
  runInDurableObject(conversation(`${PAGE}_${user}`), (_, state) =>
    state.storage.sql.exec<{ id: string; raw: string }>("SELECT id, raw FROM event ORDER BY seq").toArray(),
  );
const objects = async () => (await listDurableObjectIds(env.CONVERSATION)).length;
const freshUser = () => String(Math.floor(Math.random() * 1e15));

describe("Meta's handshake", () => {
  const query = (mode: string, token: string) =>
    `/webhook?hub.mode=${mode}&hub.challenge=1158201444&hub.verify_token=${token}`;

  it("gets its challenge back as plain text", async () => {
    const response = await get(query("subscribe", "verify-token-of-tests"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toBe("1158201444");
  });

  it("is refused with another token or mode", async () => {
    expect(await codeOf(await get(query("subscribe", "verify-token-of-test")))).toEqual([
      403,
      "verify_token_mismatch",
    ]);
    expect(await codeOf(await get(query("subscribe", "")))).toEqual([403, "verify_token_mismatch"]);
    expect(await codeOf(await get(query("unsubscribe", "verify-token-of-tests")))).toEqual([
      403,
      "verify_token_mismatch",
    ]);
  });

  it("is refused when a parameter is missing", async () => {
    expect(
      await codeOf(await get("/webhook?hub.mode=subscribe&hub.verify_token=verify-token-of-tests")),
    ).toEqual([400, "handshake_incomplete"]);
    expect(await codeOf(await get("/webhook"))).toEqual([400, "handshake_incomplete"]);
  });
});

describe("a webhook", () => {
  it("is stored before it is acknowledged", async () => {
    const user = freshUser();
    const response = await post(envelope([text("m_1", "Grüß Gott 🚀", user)]));
    expect([response.status, await response.text()]).toEqual([200, "EVENT_RECEIVED"]);
    expect((await stored(user)).map(({ id }) => id)).toEqual(["m_1"]);
  });

  it("is stored once, however often it comes, within a POST and across", async () => {
    const user = freshUser();
    const item = text("m_1", "once", user);
    const again = { ...item, timestamp: Date.now() + 5 };
    for (const body of [envelope([item, item]), envelope([item]), envelope([again])]) {
      expect((await post(body)).status).toBe(200);
    }
    expect(await stored(user)).toHaveLength(1);
  });

  it("keeps the order of one user's events", async () => {
    const user = freshUser();
    await post(envelope(Array.from({ length: 40 }, (_, at) => text(`m_${at}`, `${at}`, user))));
    expect((await stored(user)).map(({ id }) => id)).toEqual(
      Array.from({ length: 40 }, (_, at) => `m_${at}`),
    );
  });

  it("of every kind is stored whole", async () => {
    expect((await post(envelope(EVENTS.map(({ item }) => item)))).status).toBe(200);
    const users = ["7001700170017001", "ref:ref-4711", "page"];
    const raws = (await Promise.all(users.map(stored))).flat().map(({ raw }) => JSON.parse(raw));
    for (const { item } of EVENTS) expect(raws).toContainEqual(item);
    expect(raws).toHaveLength(EVENTS.length);
  });

  it("of 1000 events for 1000 users is stored whole before its one 200", async () => {
    const base = Math.floor(Math.random() * 1e12) * 10_000;
    const users = Array.from({ length: 1000 }, (_, at) => String(base + at));
    const response = await post(envelope(users.map((user) => text(`m_${user}`, "hello", user))));
    expect(response.status).toBe(200);
    const counts = await Promise.all(users.map(async (user) => (await stored(user)).length));
    expect(counts.filter((count) => count === 1)).toHaveLength(1000);
  }, 60_000);

  it("is taken to as many bots at once as there is room for, those on trial among them", async () => {
    const ready = async (settings: object) => {
      const more = { PAGE_SETTINGS: JSON.stringify({ default: settings }) };
      const read = readConfig({ ...env, ...more });
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      const { config } = read;
      const items = Array.from({ length: 8 }, () => text("m_1", "hello", freshUser()));
      const request = await signedPost(
        "https://gateway.invalid/webhook",
        JSON.stringify(envelope(items)),
        "first-app-secret",
      );
      const lines: string[] = [];
      await takeIn(request, config, config.apps, env, ({ id }) => lines.push(id));
      return lines.length;
    };
    // What isn't started here is started by the objects' own alarms, which find no bot in tests.
    vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    expect(await ready({})).toBe(6);
    const bot = { url: "https://shadow.invalid/" };
    expect(await ready({ shadow: { bot, percent: 10 } })).toBe(3);
    vi.restoreAllMocks();
  });

  it("is taken whatever content type it claims", async () => {
    const user = freshUser();
    const body = JSON.stringify(envelope([text("m_1", "typed", user)]));
    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
      const response = await send({
        body,
        headers: { "content-type": type, "x-hub-signature-256": await signature(body, "first-app-secret") },
      });
      expect(response.status).toBe(200);
    }
    expect(await stored(user)).toHaveLength(1);
  });

  it("is taken under each of the app secrets", async () => {
    expect((await post(envelope([text("m_1", "rotated", freshUser())]), "second-app-secret")).status).toBe(
      200,
    );
  });
});

describe("what is not Meta's", () => {
  const body = JSON.stringify(envelope([text("m_1", "forged", "4711")]));

  it("is refused without a signature, with a wrong one, with SHA-1 alone; nothing is stored", async () => {
    const before = await objects();
    const good = await signature(body, "first-app-secret");
    const attempts: Record<string, string>[] = [
      {},
      { "x-hub-signature-256": await signature(body, "not-the-secret") },
      { "x-hub-signature-256": await signature(`${body} `, "first-app-secret") },
      { "x-hub-signature": `sha1=${good.slice(7, 47)}` },
      { "x-hub-signature-256": good.slice(0, -1) },
    ];
    for (const headers of attempts) {
      expect(await codeOf(await send({ body, headers }))).toEqual([401, "signature_invalid"]);
    }
    expect(await objects()).toBe(before);
  }, 30_000);

  it("is refused above 1 MiB, announced or streamed, before it is read whole", async () => {
    const big = new Uint8Array(1024 * 1024 + 1).fill(32);
    expect(await codeOf(await post(big))).toEqual([413, "body_too_large"]);

    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const headers = { "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    expect(await codeOf(await send({ body: endless, headers }))).toEqual([413, "body_too_large"]);
    expect(pulled).toBeLessThan(30);
  });

  it("is taken at exactly 1 MiB", async () => {
    const user = freshUser();
    const json = JSON.stringify(envelope([text("m_1", "x", user)]));
    expect((await post(json + " ".repeat(1024 * 1024 - json.length))).status).toBe(200);
  });

  it("is refused as garbage, signed or not, and changes nothing", async () => {
    const before = await objects();
    const bodies = [
      "",
      "null",
      "[]",
      "{",
      '"text"',
      "[".repeat(500_000),
      `{"object":"${"x".repeat(900_000)}"}`,
      '{"object":"page","entry":[{}]}',
    ];
    for (const one of bodies) expect((await post(one)).status).toBe(400);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await post(bytes)).status).toBe(400);
      }),
      { numRuns: 50 },
    );
    expect(await objects()).toBe(before);
  }, 30_000);
});
