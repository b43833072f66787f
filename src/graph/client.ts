import * as z from "zod/mini";
import type { SendOutcome } from "../conversation/work.ts";
import { hmacKey } from "../hmac.ts";
import { type PageId, recipientOf, type UserId } from "../ids.ts";
import { type GraphError, judge } from "./errors.ts";

export interface GraphSettings {
  url: string;
  version: string;
  /** Signs `appsecret_proof`, which apps can require and all accept. */
  appSecret: string;
}

/** A send that takes longer has no known outcome. With three actions before it, it stays within a lease. */
const SEND_TIMEOUT_MS = 10_000;
const ACT_TIMEOUT_MS = 1_500;

/**
 * Calls of Meta's Graph API for one page. The token travels in a header, never in a URL.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export class GraphClient {
  readonly #settings: GraphSettings;
  readonly #page: PageId;
  readonly #token: string;

  constructor(settings: GraphSettings, page: PageId, token: string) {
    this.#settings = settings;
    this.#page = page;
    this.#token = token;
  }

  /**
   * Sends a message. Never throws: every way it can end is an outcome.
   * @param body a Send API body without recipient, as JSON text; never an empty object
   */
  async send(user: UserId, body: string): Promise<SendOutcome> {
    let response: Response;
    try {
      response = await this.#post(user, body, SEND_TIMEOUT_MS);
    } catch (error) {
      return lost(error);
    }
    const text = await response.text().catch(() => undefined);
    // It was cut while answering: what it would have said is unknown.
    if (text === undefined) return { kind: "unknown", reason: "the answer was cut off" };
    const answer = readAnswer(text);
    if (response.ok && !answer) return { kind: "unknown", reason: "the answer was not Graph's" };
    if (response.ok && answer && !answer.error) return { kind: "sent", mid: answer.mid ?? null };
    return judge(response.status, answer?.error, afterMs(response.headers));
  }

  /** Shows a sender action, such as typing dots. Best effort: a lost one is not worth a retry. */
  async act(user: UserId, action: string): Promise<void> {
    try {
      const response = await this.#post(user, JSON.stringify({ sender_action: action }), ACT_TIMEOUT_MS);
      await response.body?.cancel();
    } catch {
      // The message that follows will tell whether Meta is reachable.
    }
  }

  async #post(user: UserId, body: string, timeoutMs: number): Promise<Response> {
    const { url, version, appSecret } = this.#settings;
    // Ours come last: should the body have a member of the same name, ours is the one that counts.
    const ours = JSON.stringify({
      recipient: recipientOf(user),
      appsecret_proof: await proofOf(appSecret, this.#token),
    });
    return fetch(`${url}/${version}/${this.#page}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#token}` },
      body: `${body.slice(0, -1)},${ours.slice(1)}`,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  }
}

const proofs = new Map<string, Promise<string>>();

/** `appsecret_proof`: hex HMAC-SHA256 of the token under the app secret. Made once per token and isolate. */
function proofOf(appSecret: string, token: string): Promise<string> {
  const name = `${appSecret} ${token}`;
  let proof = proofs.get(name);
  if (!proof) {
    proof = hmacKey(appSecret)
      .then((key) => crypto.subtle.sign("HMAC", key, new TextEncoder().encode(token)))
      .then((signature) => new Uint8Array(signature).toHex());
    proofs.set(name, proof);
  }
  return proof;
}

const answerSchema = z.looseObject({
  message_id: z.optional(z.string()),
  error: z.optional(
    z.looseObject({
      message: z.optional(z.string()),
      code: z.optional(z.number()),
      error_subcode: z.nullish(z.number()),
      is_transient: z.nullish(z.boolean()),
    }),
  ),
});

/** @returns `undefined` when it is not JSON as Graph answers */
function readAnswer(text: string): { mid?: string; error?: GraphError } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { message_id, error } = parsed.data;
  return {
    ...(message_id === undefined ? {} : { mid: message_id }),
    ...(error === undefined
      ? {}
      : {
          error: {
            code: error.code ?? 0,
            subcode: error.error_subcode ?? undefined,
            message: (error.message ?? "").slice(0, 500),
            isTransient: error.is_transient === true,
          },
        }),
  };
}

/** The runtime tells a connection that was never made from one that was cut; only the latter may have sent the message. */
const NEVER_LEFT = /refused|dns|resolve|unreachable|certificate|tls/i;

function lost(error: unknown): SendOutcome {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (NEVER_LEFT.test(text))
    return { kind: "retry", code: "temporary", reason: "Graph could not be reached" };
  return { kind: "unknown", reason: "no answer from Graph" };
}

const usageSchema = z.record(
  z.string(),
  z.array(z.looseObject({ estimated_time_to_regain_access: z.optional(z.number()) })),
);

/** How long Meta asks to wait: `Retry-After` in seconds, or minutes in `X-Business-Use-Case-Usage`. */
function afterMs(headers: Headers): number | undefined {
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
    return longest > 0 ? longest * 60_000 : undefined;
  } catch {
    return undefined;
  }
}
