import { hmacKey } from "../hmac.ts";
import { encode } from "../utf8.ts";

/**
 * The headers by which Meta signs a webhook under an app's secret: `X-Hub-Signature-256`, and its older twin, which some
 * bots still go by.
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
 */
export async function hubSignatures(body: string, appSecret: string): Promise<Record<string, string>> {
  const bytes = encode(body);
  const [sha256, sha1] = await Promise.all([
    crypto.subtle.sign("HMAC", await hmacKey(appSecret), bytes),
    crypto.subtle.sign("HMAC", await sha1Key(appSecret), bytes),
  ]);
  return {
    "x-hub-signature-256": `sha256=${new Uint8Array(sha256).toHex()}`,
    "x-hub-signature": `sha1=${new Uint8Array(sha1).toHex()}`,
  };
}

const sha1Key = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
