import * as z from "zod/mini";

/** The formats of settings that are more than plain text. Pure; `undefined` means malformed. */

const tokensSchema = z.record(z.string().check(z.regex(/^\d{1,32}$/)), z.string().check(z.minLength(1)));

/** `{"<page_id>":"<token>"}`. */
export function parsePageTokens(text: string): Record<string, string> | undefined {
  return tokensSchema.safeParse(parseJson(text)).data;
}

const apiKeysSchema = z.array(
  z.object({
    name: z.string().check(z.minLength(1)),
    key: z.string().check(z.minLength(24)),
    role: z.enum(["bot", "operator", "admin"]),
    /** The pages it is good for; without: all. */
    pages: z.optional(z.array(z.string().check(z.regex(/^\d{1,32}$/))).check(z.minLength(1))),
  }),
);
export type ApiKey = z.infer<typeof apiKeysSchema>[number];

/** `[{"name","key","role","pages"?}]`. */
export function parseApiKeys(text: string): ApiKey[] | undefined {
  return apiKeysSchema.safeParse(parseJson(text)).data;
}

const appsSchema = z
  .array(
    z.strictObject({
      id: z.string().check(z.regex(/^\d{1,32}$/)),
      /** Several, separated by commas, the current one first. */
      secret: z.string().check(z.regex(/^[^\s,]+(\s*,\s*[^\s,]+)*$/)),
      verify_token: z.optional(z.string().check(z.minLength(1))),
    }),
  )
  .check(z.minLength(1));

/** `[{"id","secret","verify_token"?}]`. */
export function parseApps(text: string): z.infer<typeof appsSchema> | undefined {
  return appsSchema.safeParse(parseJson(text)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** RFC 1918, 6598, 3927 and "this network". URLs have IPv4 addresses in this one form, whatever was typed. */
const PRIVATE_IPV4 =
  /^(0|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(\.\d+)+$/;
/** Unique local, link local, unspecified and mapped IPv4. */
const PRIVATE_IPV6 = /^\[(f[cd]|fe[89ab]|::\]|::ffff:)/;

/**
 * https to public places, http to loopback only: no token or message travels in clear, and no setting leads into a
 * private network by its address. (Names that resolve there are stopped by `global_fetch_strictly_public`.)
 */
export function isAllowedUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== "" || password !== "") return false;
  if (LOOPBACK.test(hostname)) return protocol === "https:" || protocol === "http:";
  return protocol === "https:" && !PRIVATE_IPV4.test(hostname) && !PRIVATE_IPV6.test(hostname);
}

/** `whsec_<base64>` of 24–64 bytes, as Standard Webhooks has it (spec, "Signature scheme"). */
export function decodeSigningSecret(secret: string): Uint8Array<ArrayBuffer> | undefined {
  if (!secret.startsWith("whsec_")) return undefined;
  const key = decodeBase64(secret.slice("whsec_".length));
  return key && key.length >= 24 && key.length <= 64 ? key : undefined;
}

/** 32 bytes in base64, for AES-256. */
export function decodeSealingKey(text: string): Uint8Array<ArrayBuffer> | undefined {
  const key = decodeBase64(text);
  return key?.length === 32 ? key : undefined;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
