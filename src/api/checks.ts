import * as z from "zod/mini";
import type { App, Config } from "../env.ts";
import type { CheckPage } from "../pages/directory/check.ts";
import { directoryOf } from "../pages/served.ts";
import { problem } from "../problem.ts";
import { checkDue, checkNow, secretsOf } from "../self-check/round.ts";
import { appView, pageView } from "../self-check/view.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { channelIdSchema, channelOf } from "./channels.ts";
import { pageIdSchema, pageOf } from "./target.ts";

/** How apps and pages are: as checked last, or now. */

const PAGE_SIZE = 20;
/** Pages checked by one call that names none: with these it stays within what a request may ask on every plan. */
const CHECKED_AT_ONCE = 8;
/** Where there is no such limit, as on a machine of one's own, it can be as many as the cron trigger takes. */
const MOST_AT_ONCE = 200;

const querySchema = z.object({
  cursor: z.optional(z.string().check(z.regex(/^\d\.[\w.:-]{1,64}$/, "a cursor of an earlier answer"))),
  page_size: z.optional(z.string().check(z.regex(/^([1-9]|[1-4]\d|50)$/, "a whole number from 1 to 50"))),
});

/** `GET /healthz?detail`: every app, and page by page those in trouble first, as they were when they were checked last. */
export async function listChecks(
  query: URLSearchParams,
  config: Config,
  env: Cloudflare.Env,
  { pages: only }: Caller,
): Promise<Response> {
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const detail = `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "not valid"}`;
    return problem({ status: 400, code: "invalid_query", detail });
  }
  const { cursor, page_size } = parsed.data;
  const list = await directoryOf(env).listChecks(
    secretsOf(config),
    only ? [...only] : null,
    cursor ?? null,
    page_size === undefined ? PAGE_SIZE : Number(page_size),
  );
  // Whose key is good for some pages alone isn't told about the rest of the gateway.
  const apps = only ? [] : config.apps;
  const body = {
    status: statusOf(apps, list),
    apps: appViews(apps, list),
    pages: await pageViews(env, list),
    counts: list.counts,
    pagination_data: {
      previous_cursor: cursor ?? null,
      next_cursor: list.next,
      total: Object.values(list.counts).reduce((a, b) => a + b),
    },
  };
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

/** The worst there is. */
function statusOf(apps: readonly App[], { apps: checks, counts }: CheckPage): string {
  const states = new Set([
    ...apps.map(({ id }) => (id === undefined ? "warning" : (checks.get(id)?.state ?? "unknown"))),
    ...Object.entries(counts).flatMap(([state, count]) => (count > 0 ? [state] : [])),
  ]);
  return ["trouble", "warning", "unknown"].find((state) => states.has(state)) ?? "ok";
}

const appViews = (apps: readonly App[], { apps: checks }: Pick<CheckPage, "apps">) =>
  apps.map(({ id }) => appView(id, id === undefined ? null : (checks.get(id) ?? null)));

const pageViews = (env: Cloudflare.Env, { pages }: Pick<CheckPage, "pages">) =>
  Promise.all(pages.map(async (one) => pageView(one, await env.PAGE.getByName(one.page).vitals())));

const checkBody = z.object({
  page_id: z.optional(pageIdSchema),
  channel_id: z.optional(channelIdSchema),
  page_size: z.optional(z.int().check(z.minimum(1), z.maximum(MOST_AT_ONCE))),
});

/**
 * `POST /channels.check`: checks a page and its app now; without one all apps, and the pages whose last check was longest
 * ago, as the cron trigger does.
 */
export async function checkChannels(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, checkBody);
  if (!body.ok) return body.response;
  const { page_id, channel_id, page_size = CHECKED_AT_ONCE } = body.value;
  const world = { config, env };
  const directory = directoryOf(env);
  const secrets = secretsOf(config);
  if (page_id === undefined && channel_id === undefined && !caller.pages) {
    const checked = await checkDue(world, Date.now(), page_size);
    const list = await directory.listChecks(secrets, checked, null, page_size);
    return Response.json({ apps: appViews(config.apps, list), pages: await pageViews(env, list) });
  }
  const channel = channel_id === undefined ? undefined : await channelOf(channel_id, config, env, caller);
  if (channel && !channel.ok) return channel.response;
  const of = await pageOf(channel?.channel.sourceChannelId ?? page_id, config, env, caller);
  if (!of.ok) return of.response;
  const { page, app } = of.setup;
  if (!(await checkNow(world, page, app, Date.now()))) {
    const detail = "The page is not connected: there is nothing to check.";
    return problem({ status: 409, code: "not_connected", detail });
  }
  const list = await directory.checkOf(page, secrets);
  return Response.json({ apps: appViews([app], list), pages: await pageViews(env, list) });
}
