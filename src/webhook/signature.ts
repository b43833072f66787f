import type { App } from "../env.ts";
import { hmacKey } from "../hmac.ts";

/** `sha256=` and 64 hex digits. The legacy `X-Hub-Signature` (SHA-1) is never looked at. */
const FORM = /^sha256=([0-9a-f]{64})$/i;

/**
 * The app under one of whose secrets Meta signed exactly these bytes; `undefined` if there is none.
 * `crypto.subtle.verify` compares in constant time; every secret is tried, so that time doesn't tell which matched.
 *
 * @param header the value of `X-Hub-Signature-256`
 * @param body the raw bytes as received; Meta escapes non-ASCII, so parsing and re-serialising would break the hash
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
 */
export async function signerOf(
  header: string | null,
  body: Uint8Array<ArrayBuffer>,
  apps: readonly Pick<App, "id" | "secrets">[],
): Promise<Pick<App, "id"> | undefined> {
  const hex = header === null ? undefined : FORM.exec(header)?.[1];
  if (hex === undefined) return undefined;
  const signature = Uint8Array.fromHex(hex);
  let signer: Pick<App, "id"> | undefined;
  for (const app of apps) {
    for (const secret of app.secrets) {
      if (await crypto.subtle.verify("HMAC", await hmacKey(secret), signature, body)) signer ??= app;
    }
  }
  return signer;
}
