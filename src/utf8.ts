/** Text to bytes and back; one coder each for the whole isolate, since making one costs more than using it. */

const encoder = new TextEncoder();
/** Fatal: what isn't UTF-8 is no text of anyone's; a byte order mark is not part of it. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export const encode = (text: string): Uint8Array => encoder.encode(text);

/** @throws TypeError when the bytes are not UTF-8 */
export const decode = (bytes: Uint8Array): string => decoder.decode(bytes);

/** A text's size in UTF-8. */
export const bytesOf = (text: string): number => encoder.encode(text).length;
