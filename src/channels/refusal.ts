import type { CallFailure } from "../graph/client.ts";

/** Why something about a channel was not done, for whoever asked: a program, or a person in front of a browser. */
export interface Refusal {
  ok: false;
  /** As HTTP has it. */
  status: number;
  /** Stable; docs/channels.md lists them. */
  code: string;
  /** What is wrong and what to do next, without any secret. */
  detail: string;
  /** How long Meta asks to wait, ms. */
  afterMs?: number;
  /** Meta's numbers, where Meta refused. */
  meta?: { status: number | null; code: number | null; subcode: number | null };
}

export const refuse = (status: number, code: string, detail: string): Refusal => ({
  ok: false,
  status,
  code,
  detail,
});

/**
 * Meta's refusal, in its own words.
 * @param doing what was being done, as in "while subscribing to the page"
 */
export function refusedByMeta(failure: CallFailure, doing: string): Refusal {
  const { status, code, reason, error, afterMs } = failure;
  // Whose token it is can give another one, so nothing is to be waited for.
  const isFinal = failure.isFinal || code === "needs_reauth";
  return {
    ok: false,
    status: isFinal ? 422 : code === "rate_limited" ? 429 : 502,
    code: code === "needs_reauth" ? "token_invalid" : code,
    detail: `${status === null ? reason : `Meta: ${reason}`}, while ${doing}.`,
    ...(afterMs === undefined ? {} : { afterMs }),
    meta: { status, code: error?.code ?? null, subcode: error?.subcode ?? null },
  };
}
