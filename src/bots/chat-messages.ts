import * as z from "zod/mini";
import { type Ask, wordsAndPictures } from "./asks.ts";
import type { Turn } from "./bot.ts";
import { cut } from "./cutting.ts";

/** What a language model is told: who it is, what was said before, and what the user says now. Pure. */

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string | Part[];
}
type Part = { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

interface Utterance {
  from: Turn["from"];
  parts: Part[];
}

interface Told {
  prompt: string | undefined;
  /** What Meta tells of the user, as JSON text. */
  profile: string | null;
  /** What was said before, and how much of it was asked for. */
  turns: readonly Turn[];
  limit: number;
  asks: readonly Ask[];
}

/**
 * Each side's consecutive turns are one message, and so is all that is asked: many models refuse two messages of the
 * same side in a row, and answer every line by itself if they don't.
 * @param sees whether the model is shown images, or told that there was one
 */
export function chatMessages({ prompt, profile, turns, limit, asks }: Told, sees: boolean): ChatMessage[] {
  const before = wholeExchanges(turns, limit).map((turn) => utteranceOf(turn, sees));
  const now = asks.map((ask) => askedOf(ask, sees));
  const messages: ChatMessage[] = prompt ? [{ role: "system", content: filled(prompt, profile) }] : [];
  for (const { from, parts } of joined([...before, ...now])) {
    messages.push({ role: from === "user" ? "user" : "assistant", content: contentOf(parts) });
  }
  return messages;
}

/** Whether there is an image that a model could be shown. */
export const haveImages = (messages: readonly ChatMessage[]): boolean =>
  messages.some(({ content }) => typeof content !== "string");

/** What was cut off in the middle begins with the user: some models refuse it otherwise. */
function wholeExchanges(turns: readonly Turn[], limit: number): readonly Turn[] {
  const first = turns.findIndex(({ from }) => from === "user");
  return turns.length >= limit && first > 0 ? turns.slice(first) : turns;
}

function utteranceOf({ from, text, images }: Turn, sees: boolean): Utterance {
  return { from, parts: partsOf(text, images, sees && from === "user") };
}

function askedOf({ type, words, attachments }: Ask, sees: boolean): Utterance {
  // A model would take the bare reference for something that the user wrote.
  const written = type === "referral" ? `[ref: ${words}]` : words;
  const { text, pictures } = wordsAndPictures({ words: written, attachments });
  return { from: "user", parts: partsOf(text, pictures, sees) };
}

const partsOf = (text: string, pictures: readonly string[], sees: boolean): Part[] => [
  ...(text === "" ? [] : [textPart(text)]),
  ...pictures.map((url) => (sees ? imagePart(url) : textPart("[image]"))),
];

const textPart = (text: string): Part => ({ type: "text", text });
const imagePart = (url: string): Part => ({ type: "image_url", image_url: { url } });

function joined(utterances: readonly Utterance[]): Utterance[] {
  const list: Utterance[] = [];
  for (const { from, parts } of utterances) {
    const last = list.at(-1);
    if (parts.length === 0) continue;
    if (last?.from === from) last.parts.push(...parts);
    else list.push({ from, parts: [...parts] });
  }
  return list;
}

/** Plain text where there is nothing else: not every endpoint takes parts. */
function contentOf(parts: readonly Part[]): string | Part[] {
  const runs: Part[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last?.type === "text" && part.type === "text")
      runs[runs.length - 1] = textPart(`${last.text}\n${part.text}`);
    else runs.push(part);
  }
  const [only, ...others] = runs;
  return only?.type === "text" && others.length === 0 ? only.text : runs;
}

const PLACEHOLDER = /\{\{\s*([a-z_]+)\s*\}\}/g;
/** Users choose their own names: one isn't to hold a second prompt. */
const PLACEHOLDER_MAX = 100;

const profileSchema = z.record(z.string(), z.unknown());

/** With what Meta tells of the user in the place of `{{first_name}}` and the like; what isn't known is nothing. */
function filled(prompt: string, profile: string | null): string {
  const { data = {} } = profileSchema.safeParse(profile === null ? {} : JSON.parse(profile));
  return prompt.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return isPlain ? cut(String(value).replace(/\s+/g, " "), PLACEHOLDER_MAX) : "";
  });
}
