import { afterEach, describe, expect, it, vi } from "vitest";
import { call } from "../support/api.ts";
import { freshConversation, ingest, RULES, type Stub, says } from "../support/conversation.ts";
import { codeOf } from "../support/gateway.ts";

const HOUR = 3_600_000;
afterEach(() => vi.restoreAllMocks());

/** Meta takes everything that is sent to it; what that was. */
function listening(): { recipient: unknown; message?: { text?: string }; messaging_type?: string }[] {
  const bodies: ReturnType<typeof listening> = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return Response.json({ recipient_id: "7", message_id: `m_${crypto.randomUUID()}` });
  });
  return bodies;
}

/** Someone who has written, some hours ago. */
async function someone(hoursAgo = 0): Promise<{ stub: Stub; conversation_id: string }> {
  const stub = freshConversation();
  await ingest(stub, [says("hi", { at: Date.now() - hoursAgo * HOUR, forward: false })]);
  return { stub, conversation_id: String(stub.name) };
}

describe("/messages.send", () => {
  it("accepts a message, shows it as pending, and sends it", async () => {
    const sent = listening();
    const { conversation_id } = await someone();
    const response = await call(
      "/messages.send",
      { conversation_id, message: { text: "Hello" } },
      "operator",
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      id: expect.stringContaining(`${conversation_id}.`),
      content: { message: { text: "Hello" } },
      state: "pending",
      from_contact: false,
      source: "facebook",
      sender: { kind: "human", name: "operator" },
    });
    await vi.waitFor(() => expect(sent.map(({ message }) => message?.text)).toEqual(["Hello"]));
    expect(sent[0]?.messaging_type).toBe("RESPONSE");
  });

  it("writes as the bot with a bot's key, which a person's turn stops", async () => {
    listening();
    const { stub, conversation_id } = await someone();
    const ask = () => call("/messages.send", { conversation_id, message: { text: "Hello" } }, "bot");
    expect(await (await ask()).json()).toMatchObject({ sender: { kind: "bot" } });
    await call("/conversations.set-owner", { conversation_id, owner: "human" }, "operator");
    expect(await codeOf(await ask())).toEqual([409, "not_owner"]);
    expect((await stub.info(RULES.handBackMs)).owner).toBe("human");
  });

  it("takes the conversation over when a person writes", async () => {
    listening();
    const { stub, conversation_id } = await someone();
    await call("/messages.send", { conversation_id, message: { text: "It's me" } }, "operator");
    expect((await stub.info(RULES.handBackMs)).owner).toBe("human");
  });

  it("accepts a request that is repeated under its key once, and no other under the same", async () => {
    const sent = listening();
    const { conversation_id } = await someone();
    const ask = (text: string, key = "order-1") =>
      call("/messages.send", { conversation_id, message: { text } }, "bot", { "idempotency-key": key });
    const [one, again] = [await ask("Shipped"), await ask("Shipped")];
    expect((await again.json<{ id: string }>()).id).toBe((await one.json<{ id: string }>()).id);
    expect(await codeOf(await ask("Something else"))).toEqual([409, "idempotency_conflict"]);
    expect((await ask("Shipped", "order-2")).status).toBe(200);
    await vi.waitFor(() => expect(sent.map(({ message }) => message?.text)).toEqual(["Shipped", "Shipped"]));
  });

  it("keeps the order of several messages, and of the parts of a long one", async () => {
    const sent = listening();
    const { conversation_id } = await someone();
    const long = `${"a".repeat(1999)} ${"b".repeat(10)}`;
    const response = await call(
      "/messages.send",
      { conversation_id, messages: [{ text: long }, { text: "c" }] },
      "bot",
    );
    expect((await response.json<{ data: unknown[] }>()).data).toHaveLength(3);
    await vi.waitFor(() =>
      expect(sent.map(({ message }) => message?.text)).toEqual(["a".repeat(1999), "b".repeat(10), "c"]),
    );
  });

  it("reaches users by their id, by an opt-in's reference or by phone number", async () => {
    const sent = listening();
    for (const whom of [
      { user_id: "7009" },
      { recipient: { id: "7010" } },
      { recipient: { user_ref: "ref-of-a-checkbox" } },
      { recipient: { phone_number: "+49 (151) 234-567" } },
    ]) {
      expect((await call("/messages.send", { ...whom, message: { text: "Hi" } }, "bot")).status).toBe(200);
    }
    await vi.waitFor(() =>
      expect(new Set(sent.map(({ recipient }) => JSON.stringify(recipient)))).toEqual(
        new Set(
          [
            { id: "7009" },
            { id: "7010" },
            { user_ref: "ref-of-a-checkbox" },
            { phone_number: "+49151234567" },
          ].map((one) => JSON.stringify(one)),
        ),
      ),
    );
  });

  it.each([
    [{ message: { txt: "a" } }, "message"],
    [{ messages: [{ text: "a" }, { text: "" }] }, "messages[1].text"],
    [{}, "message"],
  ])("names the place of what is wrong, and stores nothing: %j", async (what, path) => {
    const { stub, conversation_id } = await someone();
    const response = await call("/messages.send", { conversation_id, ...what }, "bot");
    expect(await response.clone().json()).toMatchObject({ status: 400, code: "invalid_message", path });
    expect((await stub.thread(null, 10)).messages).toHaveLength(1);
  });

  it("refuses what Meta's rules don't allow before Meta is asked", async () => {
    const sent = listening();
    const late = await someone(25);
    const ask = (message: unknown, role: "bot" | "operator" = "bot") =>
      call("/messages.send", { conversation_id: late.conversation_id, message }, role);
    const closed = await ask({ text: "late" });
    expect(await closed.clone().json()).toMatchObject({
      code: "window_closed",
      detail: expect.stringMatching(/^The window closed at \d{4}-.*it opens when the user writes/),
    });
    expect(await codeOf(await ask({ text: "late" }, "operator"))).toEqual([409, "window_closed"]);
    const tagged = (tag: string) => ({ messaging_type: "MESSAGE_TAG", tag, message: { text: "x" } });
    expect(await codeOf(await ask(tagged("ACCOUNT_UPDATE")))).toEqual([409, "tag_retired"]);
    expect(await codeOf(await ask(tagged("HUMAN_AGENT")))).toEqual([409, "human_agent_not_human"]);
    expect(sent).toEqual([]);
  });

  it("says which page or conversation it doesn't know", async () => {
    const message = { text: "a" };
    expect(await codeOf(await call("/messages.send", { message }, "bot"))).toEqual([
      400,
      "recipient_required",
    ]);
    expect(await codeOf(await call("/messages.send", { conversation_id: "999_7", message }, "bot"))).toEqual([
      404,
      "no_such_page",
    ]);
    expect(
      await codeOf(await call("/messages.send", { page_id: "999", user_id: "7", message }, "bot")),
    ).toEqual([404, "no_such_page"]);
  });
});

describe("/messages.list", () => {
  it("shows both sides, oldest first, in pages from the newest on", async () => {
    listening();
    const { stub, conversation_id } = await someone();
    await call("/messages.send", { conversation_id, message: { text: "first" } }, "operator");
    await ingest(stub, [says("and", { forward: false })]);
    await call("/messages.send", { conversation_id, message: { text: "second" } }, "operator");
    const ask = async (cursor: string | null) =>
      (await call("/messages.list", { conversation_id, page_size: 3, cursor }, "operator")).json<List>();
    const newest = await ask(null);
    expect(newest.data.map((one) => one.content.message.text)).toEqual(["first", "and", "second"]);
    expect(newest.data.map((one) => one.from_contact)).toEqual([false, true, false]);
    const older = await ask(newest.pagination_data.next_cursor);
    expect(older.data.map((one) => one.content.message.text)).toEqual(["hi"]);
    expect(older.pagination_data.next_cursor).toBeNull();
  });

  it("needs an operator", async () => {
    const { conversation_id } = await someone();
    expect(await codeOf(await call("/messages.list", { conversation_id }, "bot"))).toEqual([
      403,
      "role_too_low",
    ]);
  });
});

interface List {
  data: { content: { message: { text: string } }; from_contact: boolean }[];
  pagination_data: { next_cursor: string | null };
}
