import { runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect } from "../../src/conversation/effect.ts";
import { type Annotation, annotate, type Notes } from "../../src/conversation/notes.ts";
import type { ThreadMessage } from "../../src/conversation/thread.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  metadataOf,
  reportAnswer,
  reportFailure,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

const quietly = { forward: false, opensWindow: false };
let count = 0;
const effect = (type: string, one: Effect, more = {}) =>
  says(`${type}${count++}`, { type, ...quietly, effects: [one], ...more });
const reacts = (mid: string, reaction: string | null, at = Date.now()) =>
  effect("reaction", { kind: "reaction", mid, by: "user", reaction, emoji: null }, { at });
const edits = (mid: string, text: string, times: number) =>
  effect(
    "message_edit",
    { kind: "edit", mid, text, count: times },
    { raw: JSON.stringify({ message_edit: { mid, text, num_edit: times } }) },
  );
const takesBack = (mid: string) =>
  effect(
    "unsend",
    { kind: "unsend", mid },
    { key: `removal:${mid}`, id: mid, raw: JSON.stringify({ message: { mid, is_deleted: true } }) },
  );

const messageOf = async (stub: Stub, mid: string): Promise<ThreadMessage | undefined> =>
  (await stub.thread(null, 50)).messages.find((one) => one.mid === mid);

/** Everything that is stored, as one text. */
const everything = (stub: Stub): Promise<string> =>
  runInDurableObject(stub, (_, { storage: { sql } }) =>
    JSON.stringify([...sql.exec("SELECT * FROM event"), ...sql.exec("SELECT * FROM outbox")]),
  );

/** A message of ours that has been sent, with its echo on record, as where a page is subscribed to echoes. */
async function echoed(stub: Stub): Promise<void> {
  const delivery = deliverWork(await ingest(stub, [says("hi")]));
  const send = sendWork(await reportAnswer(stub, delivery, answerOf("hello")));
  await reportSend(stub, send, sent("m_ours"));
  const metadata = metadataOf(send);
  const raw = JSON.stringify({ message: { mid: "m_ours", is_echo: true, text: "hello", metadata } });
  const echo = { mid: "m_ours", metadata };
  await ingest(stub, [says("ours", { key: "echo:m_ours", type: "echo", ...quietly, echo, raw })]);
}

describe("a reaction", () => {
  it("stands beside the user's own message, or beside ours", async () => {
    const stub = freshConversation();
    await echoed(stub);
    await ingest(stub, [reacts("m_hi", "love"), reacts("m_ours", "smile")]);
    expect((await messageOf(stub, "m_hi"))?.notes.reactions?.user?.reaction).toBe("love");
    expect((await messageOf(stub, "m_ours"))?.notes.reactions?.user?.reaction).toBe("smile");
  });

  it("stands beside a message that came in the same POST", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hi"), reacts("m_hi", "wow")]);
    expect((await messageOf(stub, "m_hi"))?.notes.reactions?.user?.reaction).toBe("wow");
  });

  it("is taken back, and not put back by one that comes late", async () => {
    const stub = freshConversation();
    const now = Date.now();
    await ingest(stub, [says("hi"), reacts("m_hi", null, now), reacts("m_hi", "love", now - 5000)]);
    expect((await messageOf(stub, "m_hi"))?.notes.reactions?.user?.reaction).toBeNull();
  });

  it("to a message nobody knows changes nothing", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hi"), reacts("m_unknown", "love")]);
    expect((await messageOf(stub, "m_hi"))?.notes).toEqual({});
  });
});

describe("a message that is edited", () => {
  it("keeps what it said, with its later texts in order, each once", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("hi")]);
    await ingest(stub, [
      edits("m_hi", "hi there", 2),
      edits("m_hi", "hi you", 1),
      edits("m_hi", "hi there", 2),
    ]);
    const message = await messageOf(stub, "m_hi");
    expect(message?.content).toContain('"hi"');
    expect(message?.notes.edits?.map(({ text }) => text)).toEqual(["hi you", "hi there"]);
  });
});

describe("a message that is taken back", () => {
  const secret = "a-secret";

  it("loses its contents, wherever they are stored: its text, the texts of its edits, its copy on standby", async () => {
    const stub = freshConversation();
    const raw = JSON.stringify({ message: { mid: "m_1", text: secret } });
    await ingest(stub, [says("1", { raw }), says("1", { raw, key: "standby:message:m_1", ...quietly })]);
    await ingest(stub, [edits("m_1", `${secret}, corrected`, 1), reacts("m_1", "love")]);
    await ingest(stub, [takesBack("m_1")]);
    expect(await everything(stub)).not.toContain(secret);
    expect((await messageOf(stub, "m_1"))?.notes).toEqual({ unsentAt: expect.any(Number) });
  });

  it("loses them also when it comes in the same POST, and its bot isn't told them", async () => {
    const stub = freshConversation();
    const raw = JSON.stringify({ message: { mid: "m_1", text: secret } });
    const work = await ingest(stub, [says("1", { raw }), takesBack("m_1")]);
    expect(JSON.stringify(work)).not.toContain(secret);
    expect(deliverWork(work).events).toHaveLength(1);
    expect(await everything(stub)).not.toContain(secret);
  });

  it("loses them also when it comes later than the word that it was taken back", async () => {
    const stub = freshConversation();
    const raw = JSON.stringify({ message: { mid: "m_1", text: secret } });
    await ingest(stub, [takesBack("m_1")]);
    const work = await ingest(stub, [says("1", { raw, at: Date.now() - 60_000 })]);
    expect(JSON.stringify(work)).not.toContain(secret);
    expect(await everything(stub)).not.toContain(secret);
  });

  it("loses them also to an edit that comes later still", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("1"), takesBack("m_1")]);
    await ingest(stub, [edits("m_1", secret, 1)]);
    expect(await everything(stub)).not.toContain(secret);
  });

  it("is not told to the bot any more by attempts that follow", async () => {
    const stub = freshConversation();
    const raw = JSON.stringify({ message: { mid: "m_1", text: secret } });
    const first = deliverWork(await ingest(stub, [says("1", { raw })]));
    await reportFailure(stub, first);
    await ingest(stub, [takesBack("m_1")]);
    const again = deliverWork((await stub.take("deliver")).work);
    expect(again.delivery).toBe(first.delivery);
    expect(again.events.map(({ raw }) => JSON.parse(raw))).toEqual([
      { message: { mid: "m_1", is_deleted: true } },
    ]);
  });

  it("leaves those whose mids look alike", async () => {
    const stub = freshConversation();
    await ingest(stub, [says("1"), says("11"), edits("m_11", "kept", 1)]);
    await ingest(stub, [takesBack("m_1")]);
    expect(await everything(stub)).toContain("kept");
    expect((await messageOf(stub, "m_11"))?.notes.unsentAt).toBeUndefined();
  });
});

it("notes are the same whatever the order in which they come, and nothing but its end is kept of what was taken back", () => {
  const annotation: fc.Arbitrary<{ one: Annotation; at: number }> = fc.oneof(
    fc.record({
      one: fc.record({
        kind: fc.constant("reaction" as const),
        mid: fc.constant("m"),
        by: fc.constantFrom("user" as const, "page" as const),
        reaction: fc.option(fc.constantFrom("love", "sad")),
        emoji: fc.constant(null),
      }),
      at: fc.nat(1000),
    }),
    fc.record({
      one: fc
        .nat(5)
        .map((count) => ({ kind: "edit" as const, mid: "m", text: `text ${count}`, count: count + 1 })),
      at: fc.constant(500),
    }),
    fc.record({ one: fc.constant({ kind: "unsend" as const, mid: "m" }), at: fc.constant(700) }),
  );
  const history = fc.uniqueArray(annotation, {
    selector: ({ one, at }) => `${one.kind} ${at}`,
    maxLength: 12,
  });
  const noted = (all: { one: Annotation; at: number }[]) =>
    all.reduce<Notes>((notes, { one, at }) => annotate(notes, one, at), {});
  fc.assert(
    fc.property(
      history.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const notes = noted(all);
        expect(noted(shuffled)).toEqual(notes);
        if (all.some(({ one }) => one.kind === "unsend")) expect(notes).toEqual({ unsentAt: 700 });
      },
    ),
  );
});
