import * as z from "zod/mini";
import type { Config } from "../env.ts";
import type { SaidBy } from "../pages/comparisons.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { cursorSchema, PAGE_SIZE, pageSizeSchema } from "./paging.ts";
import { pageIdSchema, pageOf } from "./target.ts";
import { isoTime } from "./time.ts";

/** What a page's bot on trial (`shadow`) said beside the page's bot. */

const listBody = z.object({
  page_id: z.optional(pageIdSchema),
  cursor: cursorSchema,
  page_size: pageSizeSchema,
});

/** `POST /deliveries.comparisons`: the newest first, and how often which was the case. */
export async function listComparisons(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const { page_id, cursor, page_size = PAGE_SIZE } = body.value;
  const of = await pageOf(page_id, config, env, caller);
  if (!of.ok) return of.response;
  const page = env.PAGE.getByName(of.setup.page);
  const { comparisons, verdicts } = await page.comparisons(cursor ? Number(cursor) : null, page_size);
  const last = comparisons.at(-1);
  return Response.json({
    verdicts: Object.fromEntries(verdicts.map(({ verdict, count }) => [verdict, count])),
    since: isoTime(verdicts.length === 0 ? null : Math.min(...verdicts.map(({ since }) => since))),
    data: comparisons.map(({ conversation, delivery, at, verdict, primary, shadow }) => ({
      delivery_id: delivery,
      conversation_id: conversation,
      at: isoTime(at),
      verdict,
      primary: shown(primary),
      shadow: shown(shadow),
    })),
    pagination_data: {
      previous_cursor: cursor ?? null,
      next_cursor: comparisons.length === page_size && last ? String(last.seq) : null,
      total: null,
    },
  });
}

const shown = ({ status, tookMs, reason, answer }: SaidBy) => ({
  status,
  took_ms: tookMs,
  reason,
  answer: answer === null ? null : JSON.parse(answer),
});

const forgetBody = z.object({ page_id: z.optional(pageIdSchema) });

/** `POST /deliveries.forget-comparisons`: for another trial. */
export async function forgetComparisons(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, forgetBody);
  if (!body.ok) return body.response;
  const of = await pageOf(body.value.page_id, config, env, caller);
  if (!of.ok) return of.response;
  await env.PAGE.getByName(of.setup.page).forgetComparisons();
  return new Response(null, { status: 204 });
}
