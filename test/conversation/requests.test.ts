import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FRESH_FACTS } from "../../src/conversation/facts.ts";
import { freshPosition } from "../../src/conversation/position.ts";
import { refusalOf } from "../../src/conversation/requests.ts";
import type { SendRequest } from "../../src/conversation/work.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  messagesOf,
  ownerOf,
  RULES,
  reportAnswer,
  reportSend,
  says,
  sendWork,
  sent,
  textOf,
} from "../support/conversation.ts";

const HOUR = 3_600_000;
const NOW = 1_795_000_000_000;

const request = (words: string, more: Partial<SendRequest> = {}): SendRequest => ({
  id: `req_${words}`,
  writer: "bot",
  bodies: answerOf(words).messages,
  humanAgent: false,
  rules: RULES,
  ...more,
});
const byAPerson = { writer: "human:ada" as const };
afterEach(() => vi.restoreAllMocks());

describe("a request to send", () => {
  it("waits its turn behind the bot's answers", async () => {
    const stub = freshConversation();
    const delivery = deliverWork(await ingest(stub, [says("hi")]));
    const first = sendWork(await reportAnswer(stub, delivery, answerOf("one", "two")));
    const accepted = await stub.send(request("three"));
    expect(accepted).toMatchObject({ refusal: null, work: [], messages: [{ status: "queued" }] });
    const second = sendWork(await reportSend(stub, first, sent("m_1")));
    expect(textOf(sendWork(await reportSend(stub, second, sent("m_2"))))).toBe("three");
  });

  it("is accepted once under its id: also while it waits, is out, is tried again, and when it is over", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hi", { forward: false })]);
    const send = sendWork((await stub.send(request("news"))).work);
    const again = async () => (await stub.send(request("news"))).messages.map(({ status }) => status);
    expect(await again()).toEqual(["sending"]);
    await reportSend(stub, send, { kind: "unknown", reason: "cut" });
    expect(await again()).toEqual(["sending"]);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + HOUR);
    const retry = sendWork((await stub.take("send")).work);
    await reportSend(stub, retry, { kind: "hold", code: "needs_reauth", reason: "(#190)" });
    expect(await again()).toEqual(["held"]);
    await reportSend(stub, sendWork((await stub.take("send")).work), sent("m_1"));
    expect(await again()).toEqual(["sent"]);
    expect(await messagesOf(stub)).toHaveLength(1);
  });

  it("can't ask for something else under the same id", async () => {
    const stub = freshConversation();
    await stub.send(request("news"));
    const other = await stub.send(request("other news", { id: "req_news" }));
    expect(other.refusal).toMatchObject({ code: "idempotency_conflict" });
    expect(await messagesOf(stub)).toHaveLength(1);
  });

  it("of the bot is refused while it is another's turn, and nothing is stored of it", async () => {
    const stub = freshConversation();
    await stub.setOwner({ id: "o", writer: "human:ada", owner: "human", metadata: null });
    expect((await stub.send(request("news"))).refusal).toMatchObject({ code: "not_owner" });
    expect(await messagesOf(stub)).toEqual([]);
    expect((await stub.send(request("from me", byAPerson))).refusal).toBeNull();
  });

  it("of a person makes it their turn, where the page has it so", async () => {
    const [one, other] = [freshConversation(), freshConversation()];
    await one.send(request("hello", byAPerson));
    await other.send(request("hello", { ...byAPerson, rules: { ...RULES, pauseOnInboxReply: false } }));
    expect([await ownerOf(one), await ownerOf(other)]).toEqual(["human", "bot"]);
  });

  it("that only moves the thread is no message of a person's", async () => {
    const stub = freshConversation();
    await stub.send(request("", { ...byAPerson, bodies: [{ thread_control: "release_thread_control" }] }));
    expect(await ownerOf(stub)).toBe("bot");
  });

  it("can't pass a message off as a call that moves the thread, past Meta's rules", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("long ago", { forward: false, at: Date.now() - 30 * HOUR })]);
    const bodies = [{ message: { text: "x" }, thread_control: "feed" }];
    expect((await stub.send(request("x", { bodies }))).refusal).toMatchObject({ code: "window_closed" });
    const open = freshConversation();
    expect(sendWork((await open.send(request("x", { bodies }))).work).form).toBe("message");
  });

  it("is as good in a conversation to which nothing else has happened, and after it has been put away", async () => {
    const stub = freshConversation();
    await reportSend(stub, sendWork((await stub.send(request("first"))).work), sent("m_1"));
    const rows = await runInDurableObject(stub, (_, { storage: { sql } }) =>
      sql.exec("SELECT first, last, outcome, open FROM outbox").toArray(),
    );
    expect(rows).toEqual([{ first: null, last: null, outcome: "sent", open: 0 }]);
    expect((await stub.info(null)).exists).toBe(true);
    expect(await stub.replay(["req_first"])).toBe(0);
    expect(await stub.delivery("req_first")).toBeNull();
  });
});

describe("what a request is refused for", () => {
  const position = (more: object) => ({ ...freshPosition(), windowAt: NOW - HOUR, ...more });
  const facts = (more: object) => ({ ...FRESH_FACTS, about: more });

  it("is nothing while the window is open", () => {
    expect(refusalOf(request("a"), position({}), FRESH_FACTS, NOW)).toBeUndefined();
  });

  it("is one message that may not go out, among others that may", () => {
    const bodies = [...answerOf("a").messages, { message: { text: "b" }, tag: "ACCOUNT_UPDATE" }];
    expect(refusalOf(request("a", { bodies }), position({}), FRESH_FACTS, NOW)).toMatchObject({
      code: "tag_retired",
    });
  });

  it("is the second message to a comment, which is answered privately once", () => {
    const about = { comment: { id: "c_1", post: null, at: NOW - HOUR, isAnswered: false } };
    const refusal = (...texts: string[]) =>
      refusalOf(
        request("a", { bodies: answerOf(...texts).messages }),
        position({ windowAt: null }),
        facts(about),
        NOW,
      );
    expect(refusal("one")).toBeUndefined();
    expect(refusal("one", "two")).toMatchObject({ code: "private_reply_used" });
  });

  it("is that too many wait", () => {
    const open = Array.from({ length: 1000 }, (_, at) => ({
      seq: at + 1,
      at: NOW,
      nonce: "00000000",
      progress: [{ status: "queued" as const }],
      attempt: 0,
      leased: false,
      due: NOW,
    }));
    expect(refusalOf(request("a"), position({ open }), FRESH_FACTS, NOW)).toMatchObject({
      code: "outbox_full",
    });
  });

  it("says when the window closed, and what would open it", () => {
    const about = {
      optins: [{ kind: "one_time", token: "t", payload: null, title: null, at: NOW - 90 * HOUR }],
    };
    const reason = refusalOf(
      request("a", { humanAgent: true }),
      position({ windowAt: NOW - 30 * HOUR }),
      facts(about),
      NOW,
    )?.reason;
    expect(reason).toContain(new Date(NOW - 6 * HOUR).toISOString());
    expect(reason).toContain("one_time_notif_token");
    expect(reason).toContain("a person may write");
  });
});

describe("a permission that is good for one message", () => {
  const optin = says("optin", {
    type: "optin",
    forward: false,
    opensWindow: false,
    effects: [{ kind: "optin", optin: { kind: "one_time", token: "otn", payload: null, title: null } }],
  });

  it("is used up when the message has gone out, not before", async () => {
    const stub = freshConversation();
    await ingest(stub, [optin]);
    const bodies = [{ recipient: { one_time_notif_token: "otn" }, message: { text: "it is here" } }];
    const send = sendWork((await stub.send(request("a", { bodies }))).work);
    const { entry, index, attempt, nonce } = send;
    const none = { deliver: false, send: false, tell: false };
    const tokens = async () => (await stub.info(null)).about.optins?.length;
    const failed = { kind: "retry" as const, code: "temporary", reason: "" };
    await stub.settleSend({ entry, index, attempt, nonce, rules: RULES, outcome: failed }, none);
    expect(await tokens()).toBe(1);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + HOUR);
    const again = sendWork((await stub.take("send")).work);
    await stub.settleSend(
      { entry, index, nonce, rules: RULES, attempt: again.attempt, outcome: sent("m"), spent: "otn" },
      none,
    );
    expect(await tokens()).toBe(0);
  });
});
