/**
 * Writes JSON the way Meta does: slashes as `\/`, everything beyond ASCII as `\u` with four lower-case hex digits,
 * characters beyond the basic plane as two surrogates. The result is pure ASCII, and its bytes are what is signed;
 * a receiver that parses and re-serialises before checking the signature fails here as it would fail there.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
 */
export function escapedJson(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** The same for a text that is JSON already. */
export function escaped(json: string): string {
  return json
    .replaceAll("/", "\\/")
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
