import { encode } from "./utf8.ts";

/** Imported HMAC-SHA256 keys, kept while the isolate lives: importing costs more than signing a small body. */

const imported = new Map<string, Promise<CryptoKey>>();

/** Keys come from settings, so the cache can't grow beyond what is configured. */
export function hmacKey(secret: string | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const name = typeof secret === "string" ? `t${secret}` : `b${secret.join()}`;
  let key = imported.get(name);
  if (!key) {
    const bytes = typeof secret === "string" ? encode(secret) : secret;
    key = crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    imported.set(name, key);
  }
  return key;
}
