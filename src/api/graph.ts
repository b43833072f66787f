import type { Config } from "../env.ts";
import type { CallFailure, GraphClient } from "../graph/client.ts";
import { graphEnd } from "../pages/ends.ts";
import type { PageSetup } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";
import { pageOf } from "./target.ts";

/** What the calls have in common that Meta answers. */

type Found = { ok: true; graph: GraphClient; setup: PageSetup } | { ok: false; response: Response };

/** Graph for the page that is named, or the only one there is; else the problem to answer with. */
export async function graphOf(
  config: Config,
  env: Cloudflare.Env,
  caller: Pick<Caller, "pages">,
  named: string | undefined,
): Promise<Found> {
  const of = await pageOf(named, config, env, caller);
  return of.ok ? graphFor(config, of.setup) : of;
}

export function graphFor(config: Config, setup: PageSetup): Found {
  const graph = graphEnd(config, setup);
  if (graph) return { ok: true, graph, setup };
  const detail = "No access token of this page is known: connect it again, or set it in PAGE_ACCESS_TOKENS.";
  return { ok: false, response: problem({ status: 409, code: "no_token", detail }) };
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
