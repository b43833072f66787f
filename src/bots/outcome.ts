import { NO_REPLY, type ReadAnswer } from "./answer.ts";
import type { BotOutcome } from "./bot.ts";

/** A bot that says what can't be sent mostly says so again, and meanwhile its user waits: it is asked once more. */
const INVALID_ATTEMPTS = 2;

/** Client errors that pass: timeout, conflict, too early, too many. All others mean that this delivery never succeeds. */
const PASSING = new Set([408, 409, 425, 429]);

/**
 * What a response means for its delivery, in whatever protocol.
 * @param read what its body says, asked for a `2xx` only
 */
export function outcomeOf({ ok, status, headers }: Response, read: () => ReadAnswer): BotOutcome {
  const reason = `http_${status}`;
  if (ok) {
    const answer = read();
    if (answer.kind === "answer") return { kind: "answered", status, answer: answer.answer };
    // 202 means that the bot replies later by other means: what its body says is for people.
    if (status === 202) return { kind: "answered", status, answer: NO_REPLY };
    if (answer.kind === "invalid") {
      const reason = `answer_invalid: ${answer.reason}`;
      return { kind: "retry", status, reason, attempts: INVALID_ATTEMPTS };
    }
    // A proxy's page or a half-written answer says nothing about the next attempt.
    const where = answer.reason === undefined ? "" : `: ${answer.reason}`;
    return { kind: "retry", status, reason: `answer_malformed${where}` };
  }
  if (status === 410) return { kind: "gone", status, reason };
  if (status >= 400 && status < 500 && !PASSING.has(status)) return { kind: "rejected", status, reason };
  const afterMs = retryAfterMs(headers.get("retry-after"), Date.now());
  return { kind: "retry", status, reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3) → ms from now. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
