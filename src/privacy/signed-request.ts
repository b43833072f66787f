import * as z from "zod/mini";
import type { App } from "../env.ts";
import { encode } from "../utf8.ts";
import { parseJson } from "../webhook/json.ts";
import { signerOf } from "../webhook/signature.ts";

/**
 * What Meta posts when a person removes the app or asks for their data to be deleted:
 * `<HMAC-SHA256>.<JSON>`, both in base64url, signed over the encoded JSON under the app's secret.
 * @see https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
 */
export interface SignedRequest {
  /** The app whose secret signed it. */
  app: Pick<App, "id">;
  /** The person, by the id that this app knows them under: not the one that pages know. */
  person: string;
  /** What a repeated one is recognised by: a hash that tells nothing to who doesn't have the app's secret. */
  mark: string;
}

type Read = ({ ok: true } & SignedRequest) | { ok: false; code: SignedRequestTrouble };

export type SignedRequestTrouble =
  | "signed_request_malformed"
  | "signature_invalid"
  | "algorithm_unknown"
  | "signed_request_expired";

/** Meta pads neither part; other encoders do, and then sign what they padded. */
const FORM = /^([\w-]{43}=?)\.([\w-]{1,8000}={0,2})$/;
const ALGORITHM = "HMAC-SHA256";

/**
 * How old one may be, ms. Meta posts it at once. Whoever gets hold of one later can't have deleted what was said since.
 */
export const MAX_AGE_MS = 3 * 24 * 60 * 60_000;
/** How far Meta's clock may be ahead of ours, ms. */
const MAX_AHEAD_MS = 10 * 60_000;

const algorithmSchema = z.looseObject({ algorithm: z.literal(ALGORITHM) });
const payloadSchema = z.looseObject({
  user_id: z.pipe(
    z.union([z.string(), z.number()]),
    z.pipe(z.transform(String), z.string().check(z.regex(/^\d{1,32}$/))),
  ),
  /** s */
  issued_at: z.int(),
});

/**
 * Nothing of the payload is looked at before the signature is known to be right. Every secret of every app is tried, each
 * compared in constant time.
 * @param now ms
 */
export async function readSignedRequest(
  text: string,
  apps: readonly Pick<App, "id" | "secrets">[],
  now: number,
): Promise<Read> {
  const [, signature = "", payload = ""] = FORM.exec(text) ?? [];
  const hmac = bytesIn(signature);
  const content = bytesIn(payload);
  if (!hmac || !content) return refuse("signed_request_malformed");
  const app = await signerOf(`sha256=${hmac.toHex()}`, Uint8Array.from(encode(payload)), apps);
  if (!app) return refuse("signature_invalid");

  const json = parseJson(content);
  if (!json.ok) return refuse("signed_request_malformed");
  if (!algorithmSchema.safeParse(json.value).success) return refuse("algorithm_unknown");
  const parsed = payloadSchema.safeParse(json.value);
  if (!parsed.success) return refuse("signed_request_malformed");
  const { user_id: person, issued_at } = parsed.data;
  const age = now - issued_at * 1000;
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) return refuse("signed_request_expired");
  const mark = new Uint8Array(await crypto.subtle.digest("SHA-256", hmac)).toHex();
  return { ok: true, app, person, mark };
}

const refuse = (code: SignedRequestTrouble) => ({ ok: false, code }) as const;

function bytesIn(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text === "") return undefined;
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}
