import * as z from "zod/mini";
import type { Json } from "../json.ts";
import type { GraphError } from "./errors.ts";
import { graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import { shapeError } from "./shape-checks.ts";

const MAX_CALLS = 50;

const batchSchema = z.object({
  batch: z
    .array(
      z.object({
        method: z.enum(["GET", "POST", "DELETE"]),
        relative_url: z.string().check(z.minLength(1)),
        body: z.exactOptional(z.string()),
      }),
    )
    .check(z.minLength(1)),
  include_headers: z._default(z.union([z.boolean(), z.string()]), true),
});

type Reading =
  | { readonly ok: true; readonly requests: readonly Request[]; readonly withHeaders: boolean }
  | { readonly ok: false; readonly error: GraphError };

/**
 * Reads `POST /` with `batch=[{method, relative_url, body}]`. The batch's token holds for calls that bring none.
 *
 * @param base Address of the Graph API, version included, with a slash at its end.
 * @see https://developers.facebook.com/docs/graph-api/batch-requests
 */
export function readBatch(base: string, parameters: Parameters, bearer: string | null): Reading {
  const parsed = batchSchema.safeParse(parameters);
  if (!parsed.success) return { ok: false, error: shapeError(parsed.error) };
  const { batch, include_headers } = parsed.data;
  if (batch.length > MAX_CALLS) return { ok: false, error: graphErrors.tooManyCalls };
  const { access_token, appsecret_proof } = parameters;
  const requests = batch.map(({ method, relative_url, body }) => {
    const url = new URL(relative_url.replace(/^\/?(v\d+\.\d+\/)?/, ""), base);
    const form = new URLSearchParams(body ?? "");
    for (const [name, value] of Object.entries({ access_token, appsecret_proof })) {
      if (typeof value === "string" && !url.searchParams.has(name) && !form.has(name)) {
        url.searchParams.set(name, value);
      }
    }
    const headers = new Headers(bearer === null ? {} : { Authorization: bearer });
    if (method === "GET" || body === undefined) return new Request(url, { method, headers });
    return new Request(url, { method, headers, body: form });
  });
  return { ok: true, requests, withHeaders: String(include_headers) !== "false" };
}

/** @returns One call's answer as a batch shows it: status, headers, and the body as a string. */
export async function batched(response: Response, withHeaders: boolean): Promise<Json> {
  const headers = Array.from(response.headers, ([name, value]) => ({ name, value }));
  return { code: response.status, ...(withHeaders ? { headers } : {}), body: await response.text() };
}
