import { afterEach, describe, expect, it, vi } from "vitest";
import { answerOf, deliverWork, ingest, messagesOf, reportAnswer, says } from "../support/conversation.ts";
import {
  allDone,
  errorOf,
  graph,
  KEY,
  knock,
  OPERATOR,
  PAGE,
  post,
  saying,
  send,
  sentBy,
  somebody,
  writer,
} from "./support.ts";

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

describe("a message", () => {
  it("is answered as Meta has answered, and on record", async () => {
    const calls = graph(({ body }) =>
      Response.json({ recipient_id: (body["recipient"] as { id: string }).id, message_id: "m_1" }),
    );
    const { id, stub } = await writer();
    const response = await send({ ...saying(id, "Hello"), messaging_type: "UPDATE" });
    expect([response.status, await response.json()]).toEqual([200, { recipient_id: id, message_id: "m_1" }]);
    expect(calls.map(({ url }) => url.pathname)).toEqual([`/v25.0/${PAGE}/messages`]);
    expect(calls[0]?.body).toMatchObject({ messaging_type: "UPDATE", message: { text: "Hello" } });
    await allDone();
    expect(await messagesOf(stub)).toMatchObject([{ status: "sent", mid: "m_1", text: "Hello" }]);
    expect((await stub.thread(null, 10)).messages.at(-1)).toMatchObject({ from: "bot", mid: "m_1" });
  });

  it("of an operator's key is a person's", async () => {
    graph();
    const { id, stub } = await writer();
    expect((await send(saying(id, "It's me"), OPERATOR)).status).toBe(200);
    expect((await stub.thread(null, 10)).messages.at(-1)).toMatchObject({
      from: "human",
      author: "operator",
    });
  });

  it("comes as a form, as an older client sends it", async () => {
    const calls = graph();
    const { id } = await writer();
    const fields = {
      access_token: KEY,
      messaging_type: "RESPONSE",
      recipient: JSON.stringify({ id }),
      message: JSON.stringify({ text: "[not a list]" }),
    };
    const response = await knock("/v2.6/me/messages", { method: "POST", body: new URLSearchParams(fields) });
    expect(response.status).toBe(200);
    expect(calls[0]?.body).toMatchObject({ recipient: { id }, message: { text: "[not a list]" } });
    expect(JSON.stringify(calls[0]?.body)).not.toContain(KEY);
  });

  it("keeps the digits of an id that was written as a number", async () => {
    const calls = graph();
    const body = '{"recipient":{"id":12345678901234567},"message":{"text":"Hi"}}';
    const headers = { "content-type": "application/json" };
    await knock(`/v25.0/me/messages?access_token=${KEY}`, { method: "POST", headers, body });
    expect(calls[0]?.body["recipient"]).toEqual({ id: "12345678901234567" });
  });

  it("has its answer with all that Meta tells", async () => {
    const told = '{"recipient_id":"7","message_id":"m_2","attachment_id":"99","later":{"a":1}}';
    graph(() => new Response(told));
    const attachment = { type: "image", payload: { url: "https://cdn.invalid/a.png", is_reusable: true } };
    const response = await send({ recipient: { id: somebody() }, message: { attachment } });
    expect(await response.text()).toBe(told);
  });

  it("is an action, which has no message_id", async () => {
    const calls = graph(() => Response.json({ recipient_id: "7" }));
    const { id } = await writer();
    const response = await send({ recipient: { id }, sender_action: "typing_on" });
    expect(await response.json()).toEqual({ recipient_id: "7" });
    expect(calls[0]?.body).toMatchObject({ sender_action: "typing_on" });
  });

  it("reaches whoever Meta can reach, by whatever names them", async () => {
    const calls = graph(() => Response.json({ recipient_id: "7", message_id: `m_${crypto.randomUUID()}` }));
    const recipients = [
      { user_ref: `ref-${somebody()}` },
      { phone_number: "+49151234567", name: { first_name: "Ada", last_name: "Doe" } },
      { comment_id: `100_${somebody()}` },
      { post_id: `100_${somebody()}` },
      { one_time_notif_token: somebody() },
      { notification_messages_token: somebody() },
    ];
    for (const recipient of recipients) {
      const response = await send({ recipient, message: { text: "Hi" } });
      expect(await response.json()).toMatchObject({ recipient_id: "7" });
    }
    expect(calls.map(({ body }) => body["recipient"])).toEqual(recipients);
  });

  it("that is repeated under its Idempotency-Key is sent once, and answered again", async () => {
    const calls = graph();
    const { id } = await writer();
    const ask = (text: string) => send(saying(id, text), KEY, { "idempotency-key": "order-1" });
    const first = await (await ask("Shipped")).json();
    await allDone();
    expect(await (await ask("Shipped")).json()).toEqual(first);
    expect(await errorOf(await ask("Something else"))).toMatchObject({
      code: 100,
      messengate_code: "idempotency_conflict",
    });
    expect(calls).toHaveLength(1);
  });
});

describe("order", () => {
  it("is that of acceptance, whether the bot answers the webhook or calls the door", async () => {
    const order: string[] = [];
    graph(async (call) => {
      order.push((call.body["message"] as { text: string }).text);
      return sentBy(call);
    });
    const { id, stub } = await writer();
    const work = deliverWork(await ingest(stub, [says("order?")]));
    const answered = await reportAnswer(stub, work, answerOf("one", "two", "three"), {
      deliver: false,
      send: false,
      tell: false,
    });
    expect(answered).toEqual([]);
    const replies = [send(saying(id, "four")), send(saying(id, "five"))];
    const bodies = await Promise.all((await Promise.all(replies)).map((one) => one.json()));
    expect(bodies).toMatchObject([{ message_id: expect.any(String) }, { message_id: expect.any(String) }]);
    expect(order.slice(0, 3)).toEqual(["one", "two", "three"]);
    expect(new Set(order.slice(3))).toEqual(new Set(["four", "five"]));
  });
});

describe("thread control", () => {
  it("is asked of Meta in the order of the messages, and answered as Meta answers", async () => {
    const calls = graph((call) =>
      call.url.pathname.endsWith("/messages") ? sentBy(call) : Response.json({ success: true }),
    );
    const { id } = await writer();
    const recipient = { id };
    const pass = { recipient, target_app_id: 263902037430900, metadata: '{"why":"asked for a person"}' };
    const asked = [
      await send(saying(id, "Bye")),
      await post("/v25.0/me/pass_thread_control", pass),
      await post("/v25.0/me/take_thread_control", { recipient }),
      await post("/v25.0/me/request_thread_control", { recipient }),
      await post("/v25.0/me/release_thread_control", { recipient }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await asked[1]?.json()).toEqual({ success: true });
    expect(calls.map(({ url }) => url.pathname.split("/").at(-1))).toEqual([
      ...["messages", "pass_thread_control", "take_thread_control"],
      ...["request_thread_control", "release_thread_control"],
    ]);
    expect(calls[1]?.body).toMatchObject({ ...pass, target_app_id: "263902037430900" });
  });

  it("says what is wrong with the call, or that Meta refuses it", async () => {
    const error = {
      message: "(#100) Handover Protocol APIs disabled for this page.",
      type: "OAuthException",
      code: 100,
    };
    const calls = graph(() => Response.json({ error }, { status: 400 }));
    for (const body of [{}, { recipient: { id: "7" } }, { recipient: { id: "7" }, target_app_id: "app" }]) {
      expect(await errorOf(await post("/v25.0/me/pass_thread_control", body))).toMatchObject({ code: 100 });
    }
    expect(calls).toEqual([]);
    const { id } = await writer();
    const refused = await errorOf(await post("/v25.0/me/take_thread_control", { recipient: { id } }));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.message).toContain("Handover Protocol APIs disabled");
  });
});
