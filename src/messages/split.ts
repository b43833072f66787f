import type { Platform } from "./platform.ts";
import { textLimit } from "./text-limit.ts";

/** Kinds of borders, the later the better to cut at. */
const [WORD, SENTENCE, LINE, PARAGRAPH] = [0, 1, 2, 3];

/**
 * White space that stands for itself: a control does always (UAX #29, GB4), any other unless it carries an accent, and so
 * is part of a letter (GB9 and GB9a).
 */
const WHITE = String.raw`(?:[\t-\r\u2028\u2029\uFEFF]|\s(?![\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u200D\u0E33\u0EB3]))`;
const WHITE_RUN = new RegExp(`(?:${WHITE})*`, "uy");
/** Such white space, and the end of a sentence in scripts that put none after it. */
const BORDER = new RegExp(`(?:${WHITE})+|(?<=[。！？])(?![」』）”’])`, "gu");
const SENTENCE_END = /[.!?…。！？]["'”’»)\]」』）]*$/u;
const NEW_LINE = /\r?\n|[\r\u2028\u2029]/g;

/**
 * Cuts a text into pieces that are each within the platform's limit: at the last paragraph, line or sentence that
 * ends in the second half of what fits, else between words, else (for a text without borders) between graphemes, and
 * inside a grapheme only if it alone is longer than a message. Never inside a surrogate pair. White space at a cut is
 * lost and nothing else; a text that fits comes back as it is.
 */
export function splitText(text: string, platform: Platform): string[] {
  const limit = textLimit[platform];
  if (limit.reach(text, 0) === text.length) return [text];
  // Only now: it costs more to make than most texts to send.
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
  const pieces: string[] = [];
  for (let start = 0; ; ) {
    const first = skipWhite(text, start);
    if (first === text.length) return pieces;
    const end = limit.reach(text, start);
    if (end === text.length) return [...pieces, text.slice(start)];
    // Where nothing but white space fits, a message of it would be empty.
    const cut = first < end ? cutIn(text, first, end, segmenter) : first;
    if (cut > first) pieces.push(text.slice(start, cut));
    start = skipWhite(text, cut);
  }
}

/** Where to cut between `first`, which is no white space, and `end`, up to which the text fits. */
function cutIn(text: string, first: number, end: number, segmenter: Intl.Segmenter): number {
  // By kind; -1 for none.
  const last = [-1, -1, -1, -1];
  for (const { 0: white, index } of text.slice(first, end + 1).matchAll(BORDER)) {
    const at = first + index;
    if (at > end) break;
    const isLate = index > (end - first) / 2;
    last[isLate ? kindOf(white, text.slice(Math.max(first, at - 4), at)) : WORD] = at;
  }
  const border = last.toReversed().find((at) => at > first && isBetween(text, at, segmenter));
  if (border !== undefined) return border;

  const cluster = segmenter.segment(text.slice(first, end + 2)).containing(end - first)?.index ?? 0;
  return cluster > 0 ? first + cluster : end;
}

function kindOf(white: string, before: string): number {
  const lines = white.match(NEW_LINE)?.length ?? 0;
  if (lines > 0) return lines > 1 ? PARAGRAPH : LINE;
  return SENTENCE_END.test(before) ? SENTENCE : WORD;
}

/** Whether a border is also one of graphemes, as it mostly is. What is next to it tells. */
function isBetween(text: string, at: number, segmenter: Intl.Segmenter): boolean {
  const from = Math.max(0, at - 2);
  const cluster = segmenter.segment(text.slice(from, at + 2)).containing(at - from);
  return cluster === undefined || cluster.index === at - from;
}

function skipWhite(text: string, from: number): number {
  WHITE_RUN.lastIndex = from;
  return from + (WHITE_RUN.exec(text)?.[0].length ?? 0);
}
