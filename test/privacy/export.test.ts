import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteConversation, exportConversation } from "../../src/api/privacy.ts";
import type { ConversationId } from "../../src/ids.ts";
import { keyOf } from "../../src/media/link.ts";
import { masked, maskedText } from "../../src/privacy/showing.ts";
import { bucket, config, freshId, ORIGIN } from "../media/world.ts";
import {
  answerOf,
  deliverWork,
  ingest,
  RULES,
  reportAnswer,
  reportFailure,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

type Json = Record<string, unknown>;
interface Exported {
  conversation?: Json;
  dead_letters?: Json[];
  comparisons?: Json[];
  copies?: Json[];
  data: (Json & { kind: string; number: number })[];
  pagination_data: { next_cursor: string | null };
}

const asking = (pages?: string[]) => ({
  caller: { name: "admin", role: "admin" as const, pages },
  start: () => {},
});
const request = (body: Json): Request =>
  new Request("https://gateway.invalid/", { method: "POST", body: JSON.stringify(body) });
const exporting = (id: string, cursor?: string | null, pages?: string[]): Promise<Response> =>
  exportConversation(request({ conversation_id: id, cursor }), config, env, asking(pages));
const deleting = (id: string, pages?: string[]): Promise<Response> =>
  deleteConversation(request({ conversation_id: id }), config, env, asking(pages));

async function exported(id: string, cursor?: string | null): Promise<Exported> {
  const response = await exporting(id, cursor);
  expect(response.status).toBe(200);
  return response.json<Exported>();
}

const fresh = (): { id: ConversationId; stub: Stub } => {
  const id = freshId();
  return { id, stub: env.CONVERSATION.getByName(id) };
};

const TOKEN = "one-time-token-of-ada";

describe("an export", () => {
  it("has all that was said, by both sides, with what is known of the user and what became of it", async () => {
    const { id, stub } = fresh();
    const work = deliverWork(await ingest(stub, [says("hello")]));
    const answer = { ...answerOf("hi Ada"), state: '{"color":"green"}' };
    const first = sendWork(await reportAnswer(stub, work, answer));
    await reportSend(stub, first, sent("m_out"));
    await bucket.put(keyOf({ conversation: id, event: "m_hello", index: 0 }), "a picture", {
      httpMetadata: { contentType: "image/png" },
    });
    const { conversation, copies, data, pagination_data } = await exported(id);
    expect(conversation).toMatchObject({
      id,
      platform: "messenger",
      owner: "bot",
      state: { color: "green" },
      about: {},
    });
    expect(copies).toMatchObject([{ event_id: "m_hello", index: 0, content_type: "image/png", size: 9 }]);
    expect(copies?.[0]?.["url"]).toContain(`${ORIGIN}/media/`);
    expect(data).toMatchObject([
      { number: 1, kind: "event", type: "message", event: { message: { text: "hello" } } },
      {
        number: 2,
        kind: "delivery",
        outcome: "answered",
        writer: "bot",
        attempts: [{ status: 200, answer: "…" }],
        messages: [{ status: "sent", mid: "m_out", body: { message: { text: "hi Ada" } } }],
      },
    ]);
    expect(pagination_data.next_cursor).toBeNull();
  });

  it("has dead letters, in the conversation and as its page lists them", async () => {
    const { id, stub } = fresh();
    const work = deliverWork(await ingest(stub, [says("hello")]));
    await reportFailure(stub, work, 400, true);
    const at = Date.now();
    const letter = {
      entry: 2,
      delivery: work.delivery,
      outcome: "dead" as const,
      at,
      status: 400,
      reason: "http_400",
    };
    await env.PAGE.getByName(id.split("_")[0] ?? "").note(id, [letter]);
    const { dead_letters, data } = await exported(id);
    expect(dead_letters).toMatchObject([{ delivery_id: work.delivery, status: 400, reason: "http_400" }]);
    expect(data[1]).toMatchObject({ outcome: "dead", attempts: [{ status: 400, reason: "http_400" }] });
  });

  it("masks what would let its reader write to the user", async () => {
    const { id, stub } = fresh();
    const optin = { type: "one_time_notif_req", one_time_notif_token: TOKEN, payload: "NEWS" };
    const event = says("optin", {
      type: "optin",
      raw: JSON.stringify({ optin }),
      effects: [{ kind: "optin", optin: { kind: "one_time", token: TOKEN, payload: "NEWS", title: null } }],
    });
    const work = deliverWork(await ingest(stub, [event]));
    const body = { recipient: { one_time_notif_token: TOKEN }, message: { text: "news" } };
    await reportAnswer(stub, work, { messages: [body], actions: [] });
    const all = await exported(id);
    expect(JSON.stringify(all)).not.toContain(TOKEN);
    expect(all.conversation?.["about"]).toMatchObject({ optins: [{ kind: "one_time", token: "[masked]" }] });
    expect(all.data[0]).toMatchObject({
      event: { optin: { payload: "NEWS", one_time_notif_token: "[masked]" } },
    });
  });

  it("comes in pages that have everything once, in order, whatever is long", async () => {
    const { id, stub } = fresh();
    const long = "x".repeat(300_000);
    for (let at = 0; at < 4; at++) {
      const events = Array.from({ length: 60 }, (_, place) => says(`${at}-${place}`, { forward: false }));
      await ingest(stub, [...events, says(`${at} ${long}`, { forward: false })]);
      const bodies = [{ message: { text: `reply ${at}` } }];
      const asked = { id: `req_${at}`, writer: "human:ada" as const, bodies, humanAgent: true };
      await stub.send({ ...asked, rules: RULES });
    }
    const numbers: number[] = [];
    let cursor: string | null | undefined;
    let pages = 0;
    do {
      const page: Exported = await exported(id, cursor);
      expect(page.conversation === undefined).toBe(pages > 0);
      numbers.push(...page.data.map(({ number }) => number));
      cursor = page.pagination_data.next_cursor;
      pages++;
    } while (cursor !== null);
    expect(pages).toBeGreaterThan(2);
    expect(numbers).toEqual(Array.from({ length: 4 * 62 }, (_, at) => at + 1));
  });

  it("is nothing for a conversation that isn't there, or was deleted", async () => {
    const { id, stub } = fresh();
    expect((await exporting(id)).status).toBe(404);
    await ingest(stub, [says("hello", { forward: false })]);
    expect((await exporting(id)).status).toBe(200);
    expect((await deleting(id)).status).toBe(204);
    expect((await exporting(id)).status).toBe(404);
    expect((await deleting(id)).status).toBe(204);
  });
});

describe("a key for other pages", () => {
  it("neither exports nor deletes", async () => {
    const { id, stub } = fresh();
    await ingest(stub, [says("hello", { forward: false })]);
    expect((await exporting(id, null, ["555"])).status).toBe(403);
    expect((await deleting(id, ["555"])).status).toBe(403);
    expect((await stub.info(null)).exists).toBe(true);
  });
});

describe("masking", () => {
  it("leaves what isn't a secret as it is", () => {
    const harmless = {
      token_expiry_timestamp: 1,
      user_token_status: "REFRESHED",
      text: "token",
      tokens: ["a"],
    };
    expect(masked(harmless)).toEqual(harmless);
    expect(masked({ a: [{ notification_messages_token: "x", token: 7 }] })).toEqual({
      a: [{ notification_messages_token: "[masked]", token: 7 }],
    });
    expect(masked({ account_linking: { authorization_code: "x" } })).toEqual({
      account_linking: { authorization_code: "[masked]" },
    });
  });

  it("finds secrets in the start of a JSON text, also in quoted JSON and where it was cut", () => {
    expect(maskedText('{"recipient":{"one_time_notif_token":"abc"},"x":1')).toBe(
      '{"recipient":{"one_time_notif_token":"[masked]"},"x":1',
    );
    expect(maskedText('{"a":"{\\"token\\":\\"abc\\"}"}')).toBe('{"a":"{\\"token\\":\\"[masked]\\"}"}');
    expect(maskedText('{"token":"ab')).toBe('{"token":"[masked]');
    expect(maskedText("the token: abc")).toBe("the token: abc");
  });
});
