import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ConversationLine } from "../../src/conversation/stub.ts";
import { turnsBefore } from "../../src/dispatch/turns.ts";
import { partsOf } from "../../src/ids.ts";
import {
  answerOf,
  deliverWork,
  echoFrom,
  freshConversation,
  ingest,
  reportAnswer,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

const lineTo = (stub: Stub) => new ConversationLine(env.CONVERSATION, partsOf(String(stub.name)).id);

async function exchange(stub: Stub, words: string, answer: string) {
  const delivery = deliverWork(await ingest(stub, [says(words)]));
  await reportSend(
    stub,
    sendWork(await reportAnswer(stub, delivery, answerOf(answer))),
    sent(`m_of_${answer}`),
  );
}

it("a bot is reminded of what both sides said before, not of what it is asked", async () => {
  const stub = freshConversation();
  await exchange(stub, "one", "first");
  await exchange(stub, "two", "second");
  await ingest(stub, [echoFrom("person", "by hand", { forward: false, effects: [] })]);
  const picture = { type: "image", payload: { url: "https://cdn.invalid/a.png" } };
  const raw = JSON.stringify({ message: { mid: "m_p", attachments: [picture] } });
  await ingest(stub, [says("p", { raw, forward: false })]);
  const work = deliverWork(await ingest(stub, [says("three")]));
  await ingest(stub, [says("four")]);
  const line = lineTo(stub);
  const turns = await turnsBefore(line, work, 20);
  expect(turns.map(({ from, text, images }) => [from, text || images[0]])).toEqual([
    ["user", "one"],
    ["page", "first"],
    ["user", "two"],
    ["page", "second"],
    ["page", "by hand"],
    ["user", "https://cdn.invalid/a.png"],
  ]);
  expect((await turnsBefore(line, work, 2)).map(({ text }) => text)).toEqual(["by hand", ""]);
  expect(await turnsBefore(line, work, 0)).toEqual([]);
});

it("a bot is reminded of what it answered while its next question waited", async () => {
  const stub = freshConversation();
  const one = deliverWork(await ingest(stub, [says("one")]));
  await ingest(stub, [says("two")]);
  await ingest(stub, [echoFrom("app", "by another app", { forward: false, effects: [] })]);
  const next = await reportAnswer(stub, one, answerOf("first"));
  await reportSend(stub, sendWork(next), sent("m_first"));
  const two = deliverWork(next);
  await ingest(stub, [says("three")]);
  const turns = await turnsBefore(lineTo(stub), two, 20);
  expect(turns.map(({ text }) => text)).toEqual(["one", "by another app", "first"]);
  expect((await turnsBefore(lineTo(stub), two, 1)).map(({ text }) => text)).toEqual(["first"]);
  // Asked once more later on, it is told what was said before then.
  await reportAnswer(stub, two, answerOf("second"));
  expect((await turnsBefore(lineTo(stub), two, 20)).map(({ text }) => text)).toEqual(["one"]);
});

it("a bot isn't reminded of what never went out", async () => {
  const stub = freshConversation();
  const delivery = deliverWork(await ingest(stub, [says("hi")]));
  const send = sendWork(await reportAnswer(stub, delivery, answerOf("lost")));
  await reportSend(stub, send, { kind: "failed", code: "user_unavailable", reason: "(#551)" });
  const work = deliverWork(await ingest(stub, [says("hello?")]));
  const turns = await turnsBefore(lineTo(stub), work, 20);
  expect(turns.map(({ text }) => text)).toEqual(["hi"]);
});
