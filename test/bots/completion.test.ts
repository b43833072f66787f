import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCompletion } from "../../src/bots/completion.ts";
import { repliesIn } from "../../src/bots/completion-replies.ts";

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason }],
});
const stream = (chunks: (object | string)[], lineEnd = "\n") =>
  chunks
    .map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}${lineEnd}${lineEnd}`)
    .join("");

const completion = (text: string) => {
  const read = readCompletion(text);
  return read.kind === "completion" ? read.completion : read;
};
const malformed = (reason: unknown) => ({ kind: "malformed", reason });

describe("a streamed answer", () => {
  it("is put together from its pieces, up to its end", () => {
    const text = stream([
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo" }, "stop"),
      "[DONE]",
    ]);
    expect(completion(text)).toEqual({ text: "Hello", finish: "stop", callsTools: false });
  });

  it("may hold comments, other fields, chunks without a choice, and choices that weren't asked for", () => {
    const text =
      ": keep-alive\n\nevent: message\nid: 7\n" +
      stream([
        { choices: [], prompt_filter_results: [] },
        { choices: null, usage: {} },
        chunk({ content: "a" }),
        { choices: [{ index: 1, delta: { content: "other" }, finish_reason: "stop" }] },
        chunk({ content: null, reasoning_content: "hm" }),
        { choices: [{ delta: { content: "b" }, finish_reason: "" }] },
        chunk({}, "stop"),
        "[DONE]",
      ]) +
      "data: no longer read\n\n";
    expect(completion(text)).toEqual({ text: "ab", finish: "stop", callsTools: false });
  });

  it("has an end in [DONE], or in a reason why it ended, with or without a last line end", () => {
    expect(completion(stream([chunk({ content: "a" }), "[DONE]"]))).toMatchObject({
      text: "a",
      finish: null,
    });
    expect(completion(stream([chunk({ content: "a" }, "stop")]))).toMatchObject({
      text: "a",
      finish: "stop",
    });
    expect(completion(`data:${JSON.stringify(chunk({ content: "a" }))}\n\ndata:[DONE]`)).toMatchObject({
      text: "a",
    });
  });

  it("that has no end, breaks off in a chunk or tells of an error is no answer", () => {
    expect(completion(stream([chunk({ content: "a" })]))).toEqual(malformed("stream: it has no end"));
    expect(completion("")).toEqual(malformed("stream: it has no end"));
    expect(completion("<html>")).toEqual(malformed("stream: it has no end"));
    expect(completion(`${stream([chunk({ content: "a" })])}data: {"choices":[{"del`)).toEqual({
      kind: "malformed",
    });
    expect(
      completion(stream([chunk({ content: "a" }), { error: { message: "confidential" } }, "[DONE]"])),
    ).toEqual(malformed("error: in the stream"));
    expect(completion(stream([{ choices: 7 }]))).toEqual(malformed(expect.stringMatching(/^choices: /)));
  });

  it("reads the same however it was cut into chunks and lines", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.constantFrom("\n", "\r\n", "\r"),
        (pieces, lineEnd) => {
          const text = stream(
            [...pieces.map((content) => chunk({ content })), chunk({}, "stop"), "[DONE]"],
            lineEnd,
          );
          expect(completion(text)).toEqual({ text: pieces.join(""), finish: "stop", callsTools: false });
        },
      ),
    );
  });
});

describe("an answer in one piece", () => {
  const whole = (message: object, finish_reason = "stop") =>
    JSON.stringify({ choices: [{ message, finish_reason }] });

  it("is read, too", () => {
    expect(completion(whole({ content: "Hi" }))).toEqual({ text: "Hi", finish: "stop", callsTools: false });
    expect(completion(whole({ content: null, refusal: "I can't." }))).toMatchObject({ text: "I can't." });
    expect(
      completion(
        whole({
          content: [
            { type: "text", text: "a" },
            { type: "thinking", thinking: [] },
          ],
        }),
      ),
    ).toMatchObject({
      text: "a",
    });
    expect(completion(whole({ content: null, tool_calls: [{}] }, "tool_calls"))).toMatchObject({
      callsTools: true,
    });
  });

  it("is no answer without a choice", () => {
    expect(completion('{"choices":[]}')).toEqual(malformed(expect.stringMatching(/^choices: /)));
    expect(completion('{"error":{"message":"x"}}')).toEqual(malformed(expect.stringMatching(/^choices: /)));
    expect(completion('{"choices":[{"mess')).toEqual({ kind: "malformed" });
  });
});

describe("what a model says", () => {
  const said = (text: string, finish: string | null = "stop", callsTools = false) =>
    repliesIn({ text, finish, callsTools }).map(({ reply }) =>
      reply.kind === "text" ? reply.text : reply.kind === "unsayable" ? { unsayable: reply.what } : reply,
    );

  it("is a message for each paragraph", () => {
    expect(said("**Hi**!\n\nHow are you?")).toEqual(["Hi!", "How are you?"]);
  });

  it("is five messages of about the same length where it has many paragraphs, and nothing is lost", () => {
    const paragraphs = Array.from({ length: 23 }, (_, index) => `Paragraph number ${index}.`);
    const parts = said(paragraphs.join("\n\n"));
    expect(parts).toHaveLength(5);
    expect(parts.join("\n\n")).toBe(paragraphs.join("\n\n"));
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,50}$/), { minLength: 1 }), (some) => {
        const messages = said(some.join("\n\n"));
        expect(messages.length).toBeLessThanOrEqual(5);
        expect(messages.join("\n\n")).toBe(some.join("\n\n"));
      }),
    );
  });

  it("goes out as far as it came when the model's limit cut it off, which shows and is logged", () => {
    expect(said("Once upon a", "length")).toEqual(["Once upon a…", { unsayable: "length" }]);
    expect(said("", "length")).toEqual([{ unsayable: "length" }]);
  });

  it("isn't sent at all when a filter objected to it", () => {
    expect(said("Once upon", "content_filter")).toEqual([{ unsayable: "content_filter" }]);
  });

  it("can't be that a tool is to be called; what it says besides is sent", () => {
    expect(said("", "tool_calls", true)).toEqual([{ unsayable: "tool_calls" }]);
    expect(said("One moment.", "tool_calls", true)).toEqual(["One moment.", { unsayable: "tool_calls" }]);
  });

  it("that is nothing is logged", () => {
    expect(said(" \n")).toEqual([{ unsayable: "empty" }]);
  });

  it("doesn't tell what the model thought", () => {
    expect(said("<think>The user wants…\n\nHm.</think>\n\nHi!")).toEqual(["Hi!"]);
    expect(said("The user wants…</think>Hi!")).toEqual(["Hi!"]);
    expect(said("<think>The user", "length")).toEqual([{ unsayable: "length" }]);
  });
});
