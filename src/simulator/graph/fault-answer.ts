import type { GraphFault } from "../faults.ts";
import { newTraceId } from "../ids.ts";
import { graphErrorAnswer, graphHeaders } from "./answer.ts";

/** @returns The error answer a fault orders; without further wishes Meta's "try again later". */
export function faultAnswer(
  version: string,
  { status, error, retry_after, regain_access_minutes }: GraphFault,
): Response {
  const code = error?.code ?? 2;
  const headers: Record<string, string> = {};
  if (retry_after !== undefined) headers["Retry-After"] = String(retry_after);
  if (regain_access_minutes !== undefined) {
    const usage = { type: "messenger", call_count: 100, total_cputime: 25, total_time: 25 };
    const business = [{ ...usage, estimated_time_to_regain_access: regain_access_minutes }];
    headers["X-Business-Use-Case-Usage"] = JSON.stringify({ "1000": business });
  }
  return graphErrorAnswer(
    version,
    {
      type: "OAuthException",
      ...error,
      // Meta answers its own failures (1, 2) with 500 and everything else with 400.
      status: status ?? (code === 1 || code === 2 ? 500 : 400),
      message: error?.message ?? `(#${code}) Fault set in the simulator`,
      code,
    },
    headers,
  );
}

/** The status line must be on its way before the cut, or the runtime makes a 500 of it. */
const HEAD_START_MS = 50;

/** @returns An answer that breaks off in the middle, so that the caller cannot know what became of its request. */
export function brokenAnswer(version: string): Response {
  const { readable, writable } = new IdentityTransformStream();
  void writeAndCut(writable);
  return new Response(readable, { headers: graphHeaders(version, newTraceId()) });
}

async function writeAndCut(writable: WritableStream): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode('{"recipient_id":'));
    await scheduler.wait(HEAD_START_MS);
    await writer.abort(new Error("A fault set in the simulator cut this answer."));
  } catch {
    // The caller was gone before the cut: that is as good.
  }
}
