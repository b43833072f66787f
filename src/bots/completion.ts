import * as z from "zod/mini";
import { parseAnswer, type Unreadable } from "./answer.ts";

/** What a language model answered. */
export interface Completion {
  text: string;
  /** Why it ended: `stop`, `length`, `content_filter`, `tool_calls` or a word of the endpoint's own; `null` if it doesn't say. */
  finish: string | null;
  /** It wants a tool to be called. */
  callsTools: boolean;
}

type Read = { kind: "completion"; completion: Completion } | Unreadable;

/**
 * Reads the body of a chat completion: a stream of server-sent events, or JSON where the endpoint doesn't stream. Which
 * it is shows in how it begins: endpoints name the type wrongly here and there.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export const readCompletion = (text: string): Read =>
  text.trimStart().startsWith("{") ? readWhole(text) : readStream(text);

/** Text, or a list of parts some of which may be text. */
const contentSchema = z.nullish(
  z.union([
    z.string(),
    z.array(z.looseObject({ type: z.optional(z.string()), text: z.nullish(z.unknown()) })),
  ]),
);
const messageSchema = z.nullish(
  z.looseObject({
    content: contentSchema,
    refusal: z.nullish(z.string()),
    tool_calls: z.nullish(z.array(z.unknown())),
    function_call: z.nullish(z.unknown()),
  }),
);
const finish = z.nullish(z.string());

const wholeSchema = z.looseObject({
  choices: z.array(z.looseObject({ message: messageSchema, finish_reason: finish })).check(z.minLength(1)),
});

function readWhole(text: string): Read {
  const parsed = parseAnswer(text, wholeSchema);
  if (parsed.kind !== "parsed") return parsed;
  const [choice] = parsed.value.choices;
  const completion = {
    text: textOf(choice?.message),
    finish: choice?.finish_reason || null,
    callsTools: callsTools(choice?.message),
  };
  return { kind: "completion", completion };
}

/** A stream may begin and end with chunks of no choice, which tell of filters and usage. */
const chunkSchema = z.looseObject({
  choices: z.nullish(
    z.array(z.looseObject({ index: z.nullish(z.number()), delta: messageSchema, finish_reason: finish })),
  ),
  error: z.nullish(z.unknown()),
});

function readStream(text: string): Read {
  const completion: Completion = { text: "", finish: null, callsTools: false };
  for (const data of eventsIn(text)) {
    if (data === "[DONE]") return { kind: "completion", completion };
    const parsed = parseAnswer(data, chunkSchema);
    if (parsed.kind !== "parsed") return parsed;
    const { choices, error } = parsed.value;
    if (error != null) return { kind: "malformed", reason: "error: in the stream" };
    const choice = choices?.find(({ index }) => (index ?? 0) === 0);
    if (!choice) continue;
    completion.text += textOf(choice.delta);
    // Some say the empty text for nothing.
    completion.finish = choice.finish_reason || completion.finish;
    completion.callsTools ||= callsTools(choice.delta);
  }
  if (completion.finish === null) return { kind: "malformed", reason: "stream: it has no end" };
  return { kind: "completion", completion };
}

/**
 * What the events of a stream hold.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
function eventsIn(text: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  const end = () => {
    if (data.length > 0) events.push(data.join("\n"));
    data = [];
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === "") end();
    else if (line.startsWith("data:")) data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
  }
  // Not every endpoint ends its last event with a blank line.
  end();
  return events;
}

function textOf(message: z.infer<typeof messageSchema>): string {
  const { content, refusal } = message ?? {};
  if (typeof content === "string") return content + (refusal ?? "");
  const parts = (content ?? []).map(({ type, text }) =>
    (type === undefined || type === "text") && typeof text === "string" ? text : "",
  );
  return parts.join("") + (refusal ?? "");
}

const callsTools = (message: z.infer<typeof messageSchema>): boolean =>
  (message?.tool_calls ?? []).length > 0 || message?.function_call != null;
