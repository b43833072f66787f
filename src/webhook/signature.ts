import { hmacKey } from "../hmac.ts";

/** `sha256=` and 64 hex digits. The legacy `X-Hub-Signature` (SHA-1) is never looked at. */
const FORM = /^sha256=([0-9a-f]{64})$/i;

/**
 * Whether Meta signed exactly these bytes with one of the app secrets.
 * `crypto.subtle.verify` compares in constant time; every secret is tried, so that time doesn't tell which matched.
 *
 * @param header the value of `X-Hub-Signature-256`
 * @param body the raw bytes as received; Meta escapes non-ASCII, so parsing and re-serialising would break the hash
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
 */
export async function isSignedByMeta(
  header: string | null,
  body: Uint8Array<ArrayBuffer>,
  appSecrets: readonly string[],
): Promise<boolean> {
  const hex = header === null ? undefined : FORM.exec(header)?.[1];
  if (hex === undefined) return false;
  const signature = Uint8Array.fromHex(hex);
  let matches = false;
  for (const secret of appSecrets) {
    if (await crypto.subtle.verify("HMAC", await hmacKey(secret), signature, body)) matches = true;
  }
  return matches;
}
