import { newTraceId } from "../ids.ts";
import type { Json } from "../json.ts";
import type { GraphError } from "./errors.ts";

/** Answers 200 with the headers every Graph answer has. */
export function graphAnswer(version: string, body: Json): Response {
  return new Response(JSON.stringify(body), { headers: graphHeaders(version, newTraceId()) });
}

/** Answers an error in Meta's shape; token errors also name themselves in `WWW-Authenticate`, as Meta's do. */
export function graphErrorAnswer(
  version: string,
  { status, ...error }: GraphError,
  extraHeaders: Readonly<Record<string, string>> = {},
): Response {
  const traceId = newTraceId();
  const headers = graphHeaders(version, traceId);
  if (error.code === 190 || error.code === 104 || error.code === 2500) {
    headers.set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_token" "${error.message}"`);
  }
  for (const [name, value] of Object.entries(extraHeaders)) headers.set(name, value);
  return new Response(JSON.stringify({ error: { ...error, fbtrace_id: traceId } }), { status, headers });
}

/** @returns The headers of every Graph answer. */
export function graphHeaders(version: string, traceId: string): Headers {
  return new Headers({
    "Content-Type": "application/json; charset=UTF-8",
    "Cache-Control": "private, no-cache, no-store, must-revalidate",
    "facebook-api-version": version,
    "x-fb-trace-id": traceId,
    "x-app-usage": JSON.stringify({ call_count: 0, total_cputime: 0, total_time: 0 }),
  });
}
