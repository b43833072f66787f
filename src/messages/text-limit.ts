import { charactersIn } from "./fields.ts";
import type { Platform } from "./platform.ts";

/** How long the text of one message may be. */
interface TextLimit {
  maximum: number;
  unit: string;
  /** The text's length as it is refused by. */
  lengthOf(text: string): number;
  /**
   * Where a piece that begins at `start` must end at the latest, as an index into the text. Never inside a surrogate
   * pair.
   */
  reach(text: string, start: number): number;
}

/** Refused by code points, split by UTF-16 units: a piece is within the limit whichever of them Meta counts. */
const messenger: TextLimit = {
  maximum: 2000,
  unit: "characters",
  lengthOf: charactersIn,
  reach(text, start) {
    const end = Math.min(start + this.maximum, text.length);
    const isInPair = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(end - 1, end + 1));
    return isInPair ? end - 1 : end;
  },
};

/** "UTF-8 and 1000 bytes or less": https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message */
const instagram: TextLimit = {
  maximum: 1000,
  unit: "bytes of UTF-8",
  lengthOf: (text) => bytesUpTo(text, 0, Number.POSITIVE_INFINITY).bytes,
  reach(text, start) {
    return bytesUpTo(text, start, this.maximum).end;
  },
};

function bytesUpTo(text: string, start: number, maximum: number): { end: number; bytes: number } {
  let bytes = 0;
  let end = start;
  while (end < text.length) {
    // By code units: a loop over `codePointAt` never ended once V8 13.6 had optimised it (Maglev), in Node and in workerd.
    const code = text.charCodeAt(end);
    const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(end + 1) & 0xfc00) === 0xdc00;
    bytes += isPair ? 4 : code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if (bytes > maximum) break;
    end += isPair ? 2 : 1;
  }
  return { end, bytes };
}

export const textLimit: Record<Platform, TextLimit> = { messenger, instagram };
