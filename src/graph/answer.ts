import * as z from "zod/mini";
import type { GraphError } from "./errors.ts";

/** What Graph answered, as JSON; or that it was no JSON of Graph's. */
export type Answer = { ok: true; value: object } | { ok: false; error: GraphError | undefined };

const errorSchema = z.looseObject({
  error: z.looseObject({
    message: z.optional(z.string()),
    code: z.optional(z.number()),
    error_subcode: z.nullish(z.number()),
    is_transient: z.nullish(z.boolean()),
  }),
});

const REASON_CHARS = 500;

/** Meta's words without what must not leave the gateway: it repeats a token in some errors, and in the addresses of lists. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret !== "")
    .reduce((left, secret) => left.replaceAll(secret, "[token]"), text);
}

/** What Meta answers to a call it understood and didn't carry out, without saying why. */
const UNDONE: GraphError = { code: 0, subcode: undefined, message: "success: false", isTransient: false };

/**
 * Reads an answer's text. An error is one whatever the HTTP status: Graph has been seen to put errors into a 200.
 * @param token struck out of Meta's words, which repeat a malformed one ("Malformed access token …")
 */
export function readAnswer(text: string, token: string): Answer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, error: undefined };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return { ok: false, error: undefined };
  if ("success" in json && json.success === false) return { ok: false, error: UNDONE };
  if (!("error" in json)) return { ok: true, value: json };
  const parsed = errorSchema.safeParse(json);
  if (!parsed.success) return { ok: false, error: undefined };
  const { message = "", code = 0, error_subcode, is_transient } = parsed.data.error;
  return {
    ok: false,
    error: {
      code,
      subcode: error_subcode ?? undefined,
      message: withoutSecrets(message, [token]).slice(0, REASON_CHARS),
      isTransient: is_transient === true,
    },
  };
}

// What is odd must not make a message that went out look lost.
const optionalText = z.catch(z.optional(z.string()), undefined);
const sentSchema = z.looseObject({
  message_id: optionalText,
  recipient_id: optionalText,
  attachment_id: optionalText,
});

export interface SentIds {
  mid: string | null;
  recipientId?: string;
  attachmentId?: string;
}

/** The ids in the Send API's answer. Only messages have a `message_id`; actions don't. */
export function sentIds(value: object): SentIds {
  const { message_id, recipient_id, attachment_id } = sentSchema.parse(value);
  return {
    mid: message_id ?? null,
    ...(recipient_id === undefined ? {} : { recipientId: recipient_id }),
    ...(attachment_id === undefined ? {} : { attachmentId: attachment_id }),
  };
}

/** An id of Graph's, which is a string, or in a few answers a number. */
export const idSchema = z.pipe(
  z.union([z.string(), z.number()]),
  z.transform((id) => String(id)),
);

const usageSchema = z.record(
  z.string(),
  z.array(z.looseObject({ estimated_time_to_regain_access: z.optional(z.number()) })),
);

/** How long Meta asks to wait, ms: `Retry-After` in seconds, or minutes in `X-Business-Use-Case-Usage`. */
export function afterMs(headers: Headers): number | undefined {
  const seconds = headers.get("retry-after");
  if (seconds !== null && /^\d{1,7}$/.test(seconds)) return Number(seconds) * 1000;
  const usage = headers.get("x-business-use-case-usage");
  if (usage === null) return undefined;
  try {
    const parsed = usageSchema.safeParse(JSON.parse(usage));
    if (!parsed.success) return undefined;
    const minutes = Object.values(parsed.data)
      .flat()
      .map((one) => one.estimated_time_to_regain_access ?? 0);
    const longest = Math.max(0, ...minutes);
    // Whole: it becomes part of a stored time.
    return longest > 0 ? Math.ceil(longest * 60_000) : undefined;
  } catch {
    return undefined;
  }
}

/** The runtime tells a connection that was never made from one that was cut; only the latter may have been heard. */
const NEVER_LEFT = /refused|dns|resolve|unreachable|certificate|tls|subrequest/i;

export function neverLeft(error: unknown): boolean {
  return NEVER_LEFT.test(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
