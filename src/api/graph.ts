import * as z from "zod/mini";
import type { Config } from "../env.ts";
import type { CallFailure, GraphClient } from "../graph/client.ts";
import { pageId } from "../ids.ts";
import { endsOf } from "../pages/ends.ts";
import { problem } from "../problem.ts";

/** What the calls have in common that Meta answers. */

export const pageIdSchema = z.string().check(z.regex(/^\d{1,32}$/, "a page's id"));

/** Graph for the page that is named, or the only one there is; else the problem to answer with. */
export function graphOf(
  config: Config,
  named: string | undefined,
): { ok: true; graph: GraphClient } | { ok: false; response: Response } {
  const [only, ...others] = config.pageTokens.keys();
  const page = named === undefined ? (others.length === 0 ? only : undefined) : pageId(named);
  const graph = page === undefined ? undefined : endsOf(config, page).graph;
  if (graph) return { ok: true, graph };
  const detail = "page_id: name one of the pages that are served here.";
  return { ok: false, response: problem({ status: 400, code: "page_required", detail }) };
}

/**
 * Meta's refusal as a problem: 422 when the same call would fail again, 429 when it came too often, else 502. `detail`
 * has Meta's own words, `meta` its numbers.
 */
export function refusedByMeta({ status, code, reason, isFinal, afterMs, error }: CallFailure): Response {
  return problem({
    status: isFinal ? 422 : code === "rate_limited" ? 429 : 502,
    code,
    detail: status === null ? `${reason}.` : `Meta: ${reason}`,
    ...(afterMs === undefined ? {} : { headers: { "retry-after": String(Math.ceil(afterMs / 1000)) } }),
    extra: { meta: { status, code: error?.code ?? null, subcode: error?.subcode ?? null } },
  });
}
