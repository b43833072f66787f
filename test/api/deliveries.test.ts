import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ConversationId } from "../../src/ids.ts";
import {
  deliverWork,
  freshConversation,
  ingest,
  reportFailure,
  type Stub,
  says,
} from "../support/conversation.ts";
import { codeOf } from "../support/gateway.ts";

const PAGE = "100200300400500";

const call = (path: string, body: unknown, key: string | null = "operator-key-of-the-tests-1") =>
  exports.default.fetch(
    new Request(`https://gateway.invalid${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );

/** A dead letter, noted by its page. */
async function deadLetter(): Promise<{ stub: Stub; id: string; conversation: string }> {
  const stub = freshConversation();
  const work = deliverWork(await ingest(stub, [says(crypto.randomUUID())]));
  const [tell] = await reportFailure(stub, work, 422, true);
  if (tell?.kind !== "tell") throw new Error("nothing to tell");
  await env.PAGE.getByName(PAGE).note(tell.conversation, tell.letters);
  return { stub, id: work.delivery, conversation: String(stub.name) };
}

describe("who may ask", () => {
  it("is nobody without a key, or with a wrong one", async () => {
    for (const path of ["/deliveries.list", "/deliveries.info", "/deliveries.replay"]) {
      for (const key of [null, "", "operator-key-of-the-tests-2", "x".repeat(5000)]) {
        const response = await call(path, {}, key);
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
        expect(await codeOf(response)).toEqual([401, "key_required"]);
      }
    }
  });

  it("is an operator or an admin, not a bot", async () => {
    expect(await codeOf(await call("/deliveries.list", {}, "bot-key-of-the-tests-000001"))).toEqual([
      403,
      "role_too_low",
    ]);
    expect((await call("/deliveries.list", {}, "admin-key-of-the-tests-0001")).status).toBe(200);
  });
});

describe("/deliveries.list", () => {
  it("shows a page's dead letters, newest first, in pages", async () => {
    const letters = [await deadLetter(), await deadLetter(), await deadLetter()];
    const first = await (await call("/deliveries.list", { page_id: PAGE, page_size: 2 })).json<List>();
    expect(first.data.map(({ id }) => id)).toEqual([letters[2]?.id, letters[1]?.id]);
    expect(first.data[0]).toMatchObject({
      state: "dead",
      status: 422,
      reason: "http_422",
      conversation_id: letters[2]?.conversation,
    });
    const next = await (
      await call("/deliveries.list", { page_size: 2, cursor: first.pagination_data.next_cursor })
    ).json<List>();
    expect(next.data[0]?.id).toBe(letters[0]?.id);
    expect(next.pagination_data.total).toBe(first.pagination_data.total);
  });

  it("refuses a body that isn't one, with the place", async () => {
    expect(await codeOf(await call("/deliveries.list", "{"))).toEqual([400, "malformed_json"]);
    const response = await call("/deliveries.list", { page_size: 1000 });
    const { code, detail } = await response.json<{ code: string; detail: string }>();
    expect([response.status, code]).toEqual([400, "invalid_body"]);
    expect(detail).toMatch(/^page_size/);
  });
});

interface List {
  data: { id: string; conversation_id: string }[];
  pagination_data: { next_cursor: string | null; total: number };
}

describe("/deliveries.info", () => {
  it("shows attempts, events and messages, found by its id alone or by its conversation", async () => {
    const { id, conversation } = await deadLetter();
    for (const body of [{ id }, { id, page_id: PAGE }, { id, conversation_id: conversation }]) {
      expect(await (await call("/deliveries.info", body)).json()).toMatchObject({
        id,
        state: "dead",
        conversation_id: conversation,
        attempts: [{ status: 422, reason: "http_422", took_ms: 5, answer: "…" }],
        events: [{ type: "message", raw: { message: {} } }],
        messages: [],
      });
    }
  });

  it("knows only what is on record, of pages that are served here", async () => {
    const { id } = await deadLetter();
    for (const body of [{ id: "msg_unknown" }, { id, conversation_id: "999_1" }]) {
      expect(await codeOf(await call("/deliveries.info", body))).toEqual([404, "no_such_delivery"]);
    }
  });
});

describe("/deliveries.replay", () => {
  it("repeats one", async () => {
    const { stub, id } = await deadLetter();
    expect(await (await call("/deliveries.replay", { id })).json()).toEqual({
      replayed: 1,
      next_cursor: null,
    });
    // It is out or waits by now: asking again adds nothing.
    expect(await stub.replay([id])).toBe(0);
  });

  it("repeats all of a page since a time", async () => {
    const since = new Date().toISOString();
    const letters = [await deadLetter(), await deadLetter()];
    expect(await (await call("/deliveries.replay", { page_id: PAGE, since })).json()).toEqual({
      replayed: 2,
      next_cursor: null,
    });
    for (const { stub, id } of letters) expect(await stub.replay([id])).toBe(0);
    const future = new Date(Date.now() + 60_000).toISOString();
    expect(await (await call("/deliveries.replay", { since: future })).json()).toEqual({
      replayed: 0,
      next_cursor: null,
    });
  });

  it("opens a page's way to a bot that had answered 410", async () => {
    const { id } = await deadLetter();
    const page = env.PAGE.getByName(PAGE);
    await page.trouble("bot", {
      conversation: `${PAGE}_1`,
      reason: "bot_gone",
      afterMs: undefined,
      isProbe: false,
      successes: 0,
    });
    await call("/deliveries.replay", { id });
    expect(await page.waits("bot", `${PAGE}_2` as ConversationId)).toBeNull();
  });

  it("refuses what it doesn't understand", async () => {
    for (const body of [{}, { since: "yesterday" }, { id: "../etc" }, []]) {
      expect(await codeOf(await call("/deliveries.replay", body))).toEqual([400, "invalid_body"]);
    }
  });
});
