import type * as z from "zod/mini";
import { hmacKey } from "../hmac.ts";
import { decode, encode } from "../utf8.ts";

/**
 * What travels through browsers and comes back: JSON, signed under a key made from `SEALING_KEY` for one purpose, so that
 * nothing made for another can stand in its place. It isn't secret.
 * Form: `<payload>.<HMAC-SHA256>`, both in base64url.
 */

export type Purpose = "start link" | "state" | "form";
type Keys = readonly Uint8Array<ArrayBuffer>[];

const BASE64URL = { alphabet: "base64url" } as const;
const FORM = /^([\w-]{1,4000})\.([\w-]{43})$/;

/** @throws RangeError without a key */
export async function sign(keys: Keys, purpose: Purpose, payload: object): Promise<string> {
  const [newest] = keys;
  if (!newest) throw new RangeError("there is no key to sign under");
  const content = base64url(encode(JSON.stringify(payload)));
  const signature = await crypto.subtle.sign("HMAC", await keyFor(newest, purpose), encode(content));
  return `${content}.${base64url(new Uint8Array(signature))}`;
}

/** What was signed, if it was and has the shape; under any key that is set, so that keys rotate without breaking logins. */
export async function verify<Schema extends z.ZodMiniType>(
  keys: Keys,
  purpose: Purpose,
  text: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const [, content = "", signature = ""] = FORM.exec(text) ?? [];
  if (content === "") return undefined;
  let isOurs = false;
  for (const key of keys) {
    const bytes = bytesIn(signature);
    if (!bytes) return undefined;
    if (await crypto.subtle.verify("HMAC", await keyFor(key, purpose), bytes, encode(content))) isOurs = true;
  }
  const payload = isOurs ? bytesIn(content) : undefined;
  return payload ? schema.safeParse(JSON.parse(decode(payload))).data : undefined;
}

/** For what is compared and never read back. */
export async function digest(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", encode(text))));
}

/** Nobody guesses it. @returns 43 characters */
export const randomSecret = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ ...BASE64URL, omitPadding: true });

function bytesIn(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, BASE64URL);
  } catch {
    return undefined;
  }
}

async function keyFor(secret: Uint8Array<ArrayBuffer>, purpose: Purpose): Promise<CryptoKey> {
  const label = encode(`messengate oauth ${purpose}`);
  return hmacKey(new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(secret), label)));
}
