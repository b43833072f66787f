import { hmacKey } from "../hmac.ts";
import { encode } from "../utf8.ts";

/**
 * Tokens as they are kept: AES-256-GCM under a key made from `SEALING_KEY` for this purpose alone. What a text is for, and
 * whose it is, is sealed along with it, so that a sealed text moved elsewhere doesn't open there.
 * Form: `v1.<key id>.<iv>.<ciphertext and tag>`, each in base64url.
 */

/** What a sealed text belongs to. */
export interface SealedFor {
  /** The page's id, or that of a login. */
  page: string;
  purpose: string;
}

type Keys = readonly Uint8Array<ArrayBuffer>[];

const KEY_PURPOSE = encode("messengate sealed text");
const ID_PURPOSE = encode("messengate sealing key id");
const ID_BYTES = 6;
/** NIST SP 800-38D §5.2.1.1; §8.3 allows 2^32 random ones under a key. */
const IV_BYTES = 12;
const FORM = /^v1\.([\w-]{8})\.([\w-]{16})\.([\w-]{22,})$/;
const BASE64URL = { alphabet: "base64url" } as const;

interface SealingKey {
  id: string;
  key: CryptoKey;
}

/** Kept while the isolate lives. Keys come from settings, so there are only a few. */
const made = new Map<string, Promise<SealingKey>>();

/**
 * Seals a text under the newest key.
 * @param keys the newest first
 * @throws RangeError without a key: callers answer `sealing_key_required` instead
 */
export async function seal(keys: Keys, text: string, of: SealedFor): Promise<string> {
  const [newest] = keys;
  if (!newest) throw new RangeError("there is no key to seal under");
  const { id, key } = await keyFrom(newest);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(parameters(iv, of), key, encode(text));
  return `v1.${id}.${base64url(iv)}.${base64url(new Uint8Array(sealed))}`;
}

/**
 * Opens a sealed text under any of the keys.
 * @returns `undefined` if it isn't one, was sealed under a key that is no longer set, for something else, or was changed;
 * `isStale`: it was sealed under an older key than the newest, and should be sealed anew
 */
export async function unseal(
  keys: Keys,
  sealed: string,
  of: SealedFor,
): Promise<{ text: string; isStale: boolean } | undefined> {
  const [, id, iv = "", content = ""] = FORM.exec(sealed) ?? [];
  for (const [age, one] of keys.entries()) {
    const known = await keyFrom(one);
    if (known.id !== id) continue;
    try {
      const opened = await crypto.subtle.decrypt(parameters(bytesIn(iv), of), known.key, bytesIn(content));
      return { text: new TextDecoder().decode(opened), isStale: age > 0 };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ ...BASE64URL, omitPadding: true });
const bytesIn = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(text, BASE64URL);

/** As JSON, so that no two owners look the same. */
const parameters = (iv: Uint8Array<ArrayBuffer>, { page, purpose }: SealedFor) => ({
  name: "AES-GCM",
  iv,
  additionalData: encode(JSON.stringify(["v1", purpose, page])),
});

function keyFrom(secret: Uint8Array<ArrayBuffer>): Promise<SealingKey> {
  const name = secret.join();
  let key = made.get(name);
  if (!key) {
    key = makeKey(secret);
    made.set(name, key);
  }
  return key;
}

async function makeKey(secret: Uint8Array<ArrayBuffer>): Promise<SealingKey> {
  const root = await hmacKey(secret);
  const bytes = await crypto.subtle.sign("HMAC", root, KEY_PURPOSE);
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const id = new Uint8Array(await crypto.subtle.sign("HMAC", root, ID_PURPOSE)).subarray(0, ID_BYTES);
  return { id: base64url(id), key };
}
