import { afterEach, describe, expect, it, vi } from "vitest";
import { call } from "../support/api.ts";
import { freshConversation, ingest, says } from "../support/conversation.ts";
import { codeOf } from "../support/gateway.ts";

afterEach(() => vi.restoreAllMocks());

/** Graph calls, by path and body. */
function graph(answer: object = { success: true }): [path: string, body: unknown][] {
  const calls: [string, unknown][] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const { pathname } = new URL(String(input instanceof Request ? input.url : input));
    calls.push([
      pathname.replace(/^\/v\d+\.\d+\/\d+\//, ""),
      init?.body ? JSON.parse(String(init.body)) : null,
    ]);
    return Response.json(answer);
  });
  return calls;
}

async function someone(at = Date.now()): Promise<string> {
  const stub = freshConversation();
  await ingest(stub, [says("hi", { at, forward: false })]);
  return String(stub.name);
}

interface Info {
  owner: string;
  window: { closes_at: string };
}
const info = async (conversation_id: string) =>
  (await call("/conversations.info", { conversation_id }, "operator")).json<Info>();

describe("/conversations.info", () => {
  it("tells owner, window and what is known", async () => {
    const at = Date.now() - 3_600_000;
    const conversation_id = await someone(at);
    expect(await info(conversation_id)).toMatchObject({
      id: conversation_id,
      page_id: "100200300400500",
      platform: "messenger",
      owner: "bot",
      window: {
        opened_at: new Date(at).toISOString(),
        closes_at: new Date(at + 86_400_000).toISOString(),
        human_agent_until: null,
      },
      profile: null,
      about: {},
      is_waiting: false,
      is_sending: false,
    });
  });

  it("knows no conversation in which nothing has happened, and no page of others", async () => {
    const ask = (conversation_id: unknown) => call("/conversations.info", { conversation_id }, "operator");
    expect(await codeOf(await ask("100200300400500_7999"))).toEqual([404, "no_such_conversation"]);
    expect(await codeOf(await ask("999_7999"))).toEqual([404, "no_such_page"]);
    expect(await codeOf(await ask("nobody"))).toEqual([400, "invalid_body"]);
  });
});

describe("whose a conversation is", () => {
  it("can be a person's and the bot's again without Meta knowing", async () => {
    const calls = graph();
    const conversation_id = await someone();
    const give = (owner: string) => call("/conversations.set-owner", { conversation_id, owner }, "bot");
    expect(await (await give("human")).json()).toMatchObject({ owner: "human" });
    expect(await (await give("bot")).json()).toMatchObject({ owner: "bot" });
    expect(calls).toEqual([]);
  });

  it("is passed to another app, and taken back from it, by Meta's calls", async () => {
    const calls = graph();
    const conversation_id = await someone();
    const pass = { conversation_id, target_app_id: "4711", metadata: "about the order" };
    expect(await (await call("/conversations.pass-thread", pass, "bot")).json()).toMatchObject({
      owner: "4711",
    });
    await vi.waitFor(async () => expect(await info(conversation_id)).toMatchObject({ is_sending: false }));
    await call("/conversations.take-thread", { conversation_id }, "bot");
    await vi.waitFor(() =>
      expect(calls.map(([path]) => path)).toEqual(["pass_thread_control", "take_thread_control"]),
    );
    expect(calls[0]?.[1]).toMatchObject({ target_app_id: "4711", metadata: "about the order" });
    expect(await info(conversation_id)).toMatchObject({ owner: "bot" });
  });

  it("is ours alone where the page has no thread control", async () => {
    const message = "(#100) Handover Protocol APIs disabled for this page";
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json({ error: { message, type: "OAuthException", code: 100 } }, { status: 400 }),
    );
    const conversation_id = await someone();
    await call("/conversations.pass-thread", { conversation_id, target_app_id: "4711" }, "bot");
    await vi.waitFor(async () => expect(await info(conversation_id)).toMatchObject({ is_sending: false }));
    expect(await info(conversation_id)).toMatchObject({ owner: "4711" });
  });

  it("comes back to the bot when Meta refuses to pass it", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json(
        { error: { message: "no such app", type: "OAuthException", code: 100 } },
        { status: 400 },
      ),
    );
    const conversation_id = await someone();
    await call("/conversations.pass-thread", { conversation_id, target_app_id: "4711" }, "bot");
    await vi.waitFor(async () => expect(await info(conversation_id)).toMatchObject({ owner: "bot" }));
  });

  it("is asked for and given back by Meta's calls", async () => {
    const calls = graph();
    const conversation_id = await someone();
    await call("/conversations.request-thread", { conversation_id, metadata: "please" }, "bot");
    await call("/conversations.release-thread", { conversation_id }, "operator");
    await vi.waitFor(() =>
      expect(calls.map(([path]) => path)).toEqual(["request_thread_control", "release_thread_control"]),
    );
    expect(await info(conversation_id)).toMatchObject({ owner: "bot" });
  });

  it("is known by Meta's word too", async () => {
    graph({ data: [{ thread_owner: { app_id: "4711", expiration: 1_795_000_000 } }] });
    const conversation_id = `100200300400500_${Date.now()}`;
    const response = await call("/conversations.thread-owner", { conversation_id }, "bot");
    expect(await response.json()).toEqual({ app_id: "4711", expires_at: "2026-11-18T11:06:40.000Z" });
  });

  it("can become that of the page's other apps", async () => {
    graph({ data: [{ id: "4711", name: "Desk" }] });
    const response = await call("/conversations.receivers", {}, "operator");
    expect(await response.json()).toMatchObject({ data: [{ id: "4711", name: "Desk" }] });
  });
});
