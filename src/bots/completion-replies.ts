import type { Completion } from "./completion.ts";
import { plainParagraphs } from "./markdown.ts";
import type { PlacedReply } from "./replies.ts";

/** More messages in a row than these are no longer read. */
const MAX_PARTS = 5;

/** What a language model's answer says to the user. Pure. */
export function repliesIn({ text, finish, callsTools }: Completion): PlacedReply[] {
  const unsayable = (what: string): PlacedReply => ({
    path: "choices[0]",
    reply: { kind: "unsayable", what },
  });
  // What came before the filter did is part of what it objects to.
  if (finish === "content_filter") return [unsayable("content_filter")];
  const said = withoutThoughts(text).trim();
  const isCutOff = finish === "length" && said !== "";
  const parts = inParts(plainParagraphs(isCutOff ? `${said}…` : said));
  const replies = parts.map(
    (part): PlacedReply => ({
      path: "choices[0]",
      reply: { kind: "text", text: part, choices: [] },
    }),
  );
  if (finish === "length") replies.push(unsayable("length"));
  if (callsTools) replies.push(unsayable("tool_calls"));
  return replies.length === 0 ? [unsayable("empty")] : replies;
}

const [THOUGHTS, THOUGHT] = ["<think>", "</think>"];

/** Some servers leave a model's thoughts in its answer, and some of those without the mark at which they begin. */
function withoutThoughts(text: string): string {
  const end = text.indexOf(THOUGHT);
  if (end >= 0) return text.slice(end + THOUGHT.length);
  return text.trimStart().startsWith(THOUGHTS) ? "" : text;
}

/** A message for each paragraph; if those are many, some together, of about the same length. */
function inParts(paragraphs: readonly string[]): string[] {
  if (paragraphs.length <= MAX_PARTS) return [...paragraphs];
  const total = paragraphs.reduce((sum, { length }) => sum + length, 0);
  const parts = new Map<number, string[]>();
  let before = 0;
  for (const paragraph of paragraphs) {
    const middle = before + paragraph.length / 2;
    const index = Math.floor((middle / total) * MAX_PARTS);
    const part = parts.get(index);
    if (part) part.push(paragraph);
    else parts.set(index, [paragraph]);
    before += paragraph.length;
  }
  return [...parts.values()].map((part) => part.join("\n\n"));
}
