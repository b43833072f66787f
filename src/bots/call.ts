import { NO_REPLY, type ReadAnswer } from "./answer.ts";
import type { BotSettings, Delivered } from "./bot.ts";
import { outcomeOf } from "./outcome.ts";
import { signedHeaders } from "./standard-webhooks.ts";

/** What the bot answers to a delivery: some messages and at most 64 KB of state. What is far larger is no answer. */
export const MAX_ANSWER_BYTES = 512 * 1024;

export interface Call {
  url: string;
  /** The `webhook-id`: the same for the same request on every attempt. */
  id: string;
  /** The delivery it belongs to. */
  delivery: string;
  /** JSON text. */
  body: string;
  headers?: Record<string, string>;
  /** Ends the call, its answer's body included. */
  signal: AbortSignal;
  maxBytes: number;
}

/**
 * Makes one signed POST to a bot.
 * @param read what the body of a `2xx` says; without it, it says nothing, whatever it is
 * @returns how it ended
 * @throws only when the run may make no more calls: the bot has no part in that, and the lease hands it out to a new run
 */
export async function callBot(
  call: Call,
  { signingKeys }: Pick<BotSettings, "signingKeys">,
  read?: (text: string) => ReadAnswer,
): Promise<Delivered> {
  try {
    const signed = await signedHeaders(call.id, Math.floor(Date.now() / 1000), call.body, signingKeys);
    const response = await fetch(call.url, {
      method: "POST",
      headers: {
        ...call.headers,
        ...signed,
        "content-type": "application/json",
        traceparent: traceparentOf(call.delivery),
      },
      body: call.body,
      // A redirect could lead the signed body to a place nobody configured.
      redirect: "manual",
      signal: call.signal,
    });
    const text = await readText(response, call.maxBytes);
    const outcome = outcomeOf(response, () => {
      if (!read) return { kind: "answer", answer: NO_REPLY };
      return text === undefined ? { kind: "malformed" } : read(text);
    });
    return { outcome, excerpt: text ?? "" };
  } catch (error) {
    if (RUN_IS_USED_UP.test(String(error))) throw error;
    const isTimeout = error instanceof Error && error.name === "TimeoutError";
    const reason = isTimeout ? "timeout" : "unreachable";
    return { outcome: { kind: "retry", status: null, reason }, excerpt: "" };
  }
}

/** The bot's token, as every protocol but our own has it. */
export const authorizationOf = ({ token }: Pick<BotSettings, "token">): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** "Too many subrequests": the free plan allows a run some 50. */
const RUN_IS_USED_UP = /subrequest/i;

/** W3C Trace Context. The delivery's id is the trace, so that its attempts are found together. */
function traceparentOf(delivery: string): string {
  const span = crypto.getRandomValues(new Uint8Array(8)).toHex();
  return `00-${delivery.replace(/^msg_/, "")}-${span}-01`;
}

/** The body as text; `undefined` when it is larger than an answer can be or not UTF-8. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (!response.body) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    const piece = decoded(decoder, chunk);
    if (piece === undefined) return undefined;
    text += piece;
  }
  // What ends inside a character isn't whole.
  const rest = decoded(decoder);
  return rest === undefined ? undefined : text + rest;
}

function decoded(decoder: TextDecoder, chunk?: Uint8Array): string | undefined {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    return undefined;
  }
}
