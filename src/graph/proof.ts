import { hmacKey } from "../hmac.ts";
import { encode } from "../utf8.ts";

const proofs = new Map<string, Promise<string>>();

const MAX_REMEMBERED = 1000;

/**
 * `appsecret_proof`: hex HMAC-SHA256 of the token under the app secret. Made once per token and isolate.
 * @see https://developers.facebook.com/docs/graph-api/guides/secure-requests
 */
export function proofOf(appSecret: string, token: string): Promise<string> {
  const name = `${appSecret} ${token}`;
  let proof = proofs.get(name);
  if (!proof) {
    // Persons' tokens come here, too, once each.
    if (proofs.size >= MAX_REMEMBERED) proofs.clear();
    proof = hmacKey(appSecret)
      .then((key) => crypto.subtle.sign("HMAC", key, encode(token)))
      .then((signature) => new Uint8Array(signature).toHex());
    proofs.set(name, proof);
  }
  return proof;
}
