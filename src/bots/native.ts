import type { DeliverWork } from "../conversation/work.ts";
import type { Bot, BotOutcome } from "./bot.ts";
import { NO_REPLY, readAnswer } from "./native-answer.ts";
import { signedHeaders } from "./standard-webhooks.ts";

export interface NativeSettings {
  url: string;
  timeoutMs: number;
  signingKeys: readonly Uint8Array<ArrayBuffer>[];
  /** Whether a text that is too long for Meta goes out as several messages. */
  splitText: boolean;
}

/** An answer holds some messages and at most 64 KB of state; what is far larger is not an answer. */
const MAX_ANSWER_BYTES = 512 * 1024;

/** Client errors that pass: timeout, conflict, too early, too many. All others mean that this delivery never succeeds. */
const PASSING = new Set([408, 409, 425, 429]);

/**
 * The gateway's own protocol (docs/bot-protocol.md): one signed POST per delivery, the answer holds the replies.
 */
export function nativeBot(settings: NativeSettings): Bot {
  return {
    async deliver(work) {
      const body = requestBody(work, new Date());
      try {
        const headers = await signedHeaders(
          work.delivery,
          Math.floor(Date.now() / 1000),
          body,
          settings.signingKeys,
        );
        const response = await fetch(settings.url, {
          method: "POST",
          headers: {
            ...headers,
            "content-type": "application/json",
            traceparent: traceparentOf(work.delivery),
          },
          body,
          // A redirect could lead the signed body to a place nobody configured.
          redirect: "manual",
          signal: AbortSignal.timeout(settings.timeoutMs),
        });
        return await outcomeOf(response, { platform: work.conversation.platform, split: settings.splitText });
      } catch (error) {
        const isTimeout = error instanceof Error && error.name === "TimeoutError";
        const reason = isTimeout ? "timeout" : "unreachable";
        return { outcome: { kind: "retry", status: null, reason }, excerpt: "" };
      }
    },
  };
}

/** The raw events go in as the text that was stored: parsing it once more would only cost. */
function requestBody({ conversation, events }: DeliverWork, now: Date): string {
  const { id, page, user, platform, windowClosesAt, owner, state, stateVersion, stateRefused, profile } =
    conversation;
  const about = {
    id,
    page_id: page,
    user_id: user,
    platform,
    window: { closes_at: windowClosesAt === null ? null : new Date(windowClosesAt).toISOString() },
    owner,
    state_version: stateVersion,
    ...(stateRefused === null ? {} : { state_refused: stateRefused }),
  };
  const list = events.map(
    (event) =>
      `{"id":${JSON.stringify(event.id)},"type":${JSON.stringify(event.type)},"timestamp":${event.at},` +
      `${event.isStandby ? '"standby":true,' : ""}"raw":${event.raw}}`,
  );
  return (
    `{"type":"conversation.events","timestamp":${JSON.stringify(now.toISOString())},` +
    `"data":{"conversation":${JSON.stringify(about).slice(0, -1)},"profile":${profile ?? "null"},"state":${state ?? "null"}},` +
    `"events":[${list.join(",")}]}}`
  );
}

/** W3C Trace Context. The delivery's id is the trace, so that its attempts are found together. */
function traceparentOf(delivery: string): string {
  const span = crypto.getRandomValues(new Uint8Array(8)).toHex();
  return `00-${delivery.replace(/^msg_/, "")}-${span}-01`;
}

type Reading = Parameters<typeof readAnswer>[1];

async function outcomeOf(
  response: Response,
  options: Reading,
): Promise<{ outcome: BotOutcome; excerpt: string }> {
  const text = await readText(response);
  return { outcome: judge(response, text, options), excerpt: text ?? "" };
}

function judge({ ok, status, headers }: Response, text: string | undefined, options: Reading): BotOutcome {
  const reason = `http_${status}`;
  if (ok) {
    const read = text === undefined ? ({ kind: "malformed" } as const) : readAnswer(text, options);
    if (read.kind === "answer") return { kind: "answered", status, answer: read.answer };
    // 202 means that the bot replies later by other means: what its body says is for people.
    if (status === 202) return { kind: "answered", status, answer: NO_REPLY };
    // The bot said it, and would say it again.
    if (read.kind === "invalid")
      return { kind: "rejected", status, reason: `answer_invalid: ${read.reason}` };
    // Not final: a proxy's page or a half-written answer says nothing about the next attempt.
    return { kind: "retry", status, reason: "answer_malformed" };
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

/** The body as text; `undefined` when it is larger than an answer can be or not UTF-8. */
async function readText(response: Response): Promise<string | undefined> {
  if (!response.body) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    try {
      text += decoder.decode(chunk, { stream: true });
    } catch {
      return undefined;
    }
  }
  return text;
}
