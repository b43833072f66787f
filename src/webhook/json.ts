import { decode } from "../utf8.ts";

/** Meta nests some eight levels deep; what is far deeper is an attack on whatever walks it recursively. */
const MAX_DEPTH = 64;
const SAFE_DIGITS = 15;

export type ParsedJson = { ok: true; value: unknown } | { ok: false; code: "malformed_json" | "too_deep" };

/**
 * Parses JSON without losing ids: integers beyond 2^53 (Meta's ids have 17 digits, some old payloads have them
 * unquoted) become strings of the same digits, since a JavaScript number would round them.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  try {
    const text = decode(bytes);
    const { depth, bigIntegers } = scan(text);
    if (depth > MAX_DEPTH) return { ok: false, code: "too_deep" };
    return { ok: true, value: JSON.parse(bigIntegers.length === 0 ? text : quote(text, bigIntegers)) };
  } catch {
    return { ok: false, code: "malformed_json" };
  }
}

/** One pass over the text outside strings: how deep it nests, and where integers stand that a double can't hold. */
function scan(text: string): { depth: number; bigIntegers: [start: number, end: number][] } {
  const bigIntegers: [number, number][] = [];
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) {
        if (text.charCodeAt(at) === 0x5c) at++;
      }
    } else if (char === 0x7b || char === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (char === 0x7d || char === 0x5d) {
      depth--;
    } else if (isDigit(char)) {
      const start = text.charCodeAt(at - 1) === 0x2d ? at - 1 : at;
      const first = at;
      while (isDigit(text.charCodeAt(at))) at++;
      const next = text.charCodeAt(at);
      const isInteger = next !== 0x2e && next !== 0x65 && next !== 0x45;
      if (isInteger && at - first > SAFE_DIGITS && !Number.isSafeInteger(Number(text.slice(start, at)))) {
        bigIntegers.push([start, at]);
      }
      // A fraction or exponent belongs to this number: pass over it, so that its digits aren't taken for an integer.
      while (isNumberTail(text.charCodeAt(at))) at++;
      at--;
    }
  }
  return { depth: deepest, bigIntegers };
}

const isDigit = (char: number): boolean => char >= 0x30 && char <= 0x39;
const isNumberTail = (char: number): boolean =>
  isDigit(char) || char === 0x2e || char === 0x65 || char === 0x45 || char === 0x2b || char === 0x2d;

function quote(text: string, ranges: [number, number][]): string {
  let out = "";
  let at = 0;
  for (const [start, end] of ranges) {
    out += `${text.slice(at, start)}"${text.slice(start, end)}"`;
    at = end;
  }
  return out + text.slice(at);
}
