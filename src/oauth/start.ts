import * as z from "zod/mini";
import { readBody } from "../api/body.ts";
import type { CallContext } from "../api/call.ts";
import { refused } from "../api/channels.ts";
import { appsFor } from "../channels/page-token.ts";
import { refuse } from "../channels/refusal.ts";
import type { Config } from "../env.ts";
import { isAllowedUrl } from "../env-formats.ts";
import { dialogUrl } from "../graph/login.ts";
import { directoryOf } from "../pages/served.ts";
import { cookieOf, markOf, newBrowser, verifierOf } from "./browser.ts";
import { failurePage } from "./page.ts";
import { originOf } from "./session.ts";
import { digest, randomSecret, sign, verify } from "./signed.ts";

/** How a login begins: an administrator gets a link, which is good once, for some minutes, in whichever browser opens it. */

/** A link's time, and then the time to log in, ms. */
const LIFE_MS = 10 * 60_000;

/** A state has some more, and browsers and servers end long addresses. */
const MAX_LINK_CHARS = 3500;

export const CALLBACK = "/connector/callback";

const SCOPES = ["pages_show_list", "pages_messaging", "pages_manage_metadata"];
const INSTAGRAM_SCOPES = ["instagram_basic", "instagram_manage_messages"];

/** What is decided when the link is made, and comes back with the browser. */
const choices = {
  app: z.string(),
  instagram: z.boolean(),
  back: z.nullable(z.string()),
  /** Those that the key is good for with which the link was made; `null`: all. */
  pages: z.nullable(z.array(z.string())),
  expires: z.number(),
};
const linkSchema = z.object({ ...choices, id: z.string(), config: z.nullable(z.string()) });
/** `browser`: the mark of the one in which it began. */
const stateSchema = z.object({ ...choices, login: z.string(), browser: z.string() });
type State = z.infer<typeof stateSchema>;

const startBody = z.object({
  app_id: z.optional(z.string()),
  instagram: z.optional(z.boolean()),
  config_id: z.optional(z.string().check(z.regex(/^\d{1,32}$/, "a configuration's id"))),
  return_url: z.optional(
    z.string().check(
      z.refine(isAllowedUrl, "a public https URL (http: loopback only)"),
      z.refine((url) => URL.canParse(url) && new URL(url).href.length <= 1000, "at most 1000 characters"),
    ),
  ),
});

/** `POST /oauth.start` → `{url, expires_at}`: the link to open. */
export async function makeStartLink(
  request: Request,
  config: Config,
  _: Cloudflare.Env,
  { caller }: Pick<CallContext, "caller">,
): Promise<Response> {
  const body = await readBody(request, startBody);
  if (!body.ok) return body.response;
  const { app_id, instagram = false, config_id = null, return_url = null } = body.value;
  if (config.sealingKeys.length === 0) {
    const detail =
      "Links are signed under SEALING_KEY, which is not set: `openssl rand -base64 32 | wrangler secret put SEALING_KEY`.";
    return refused(refuse(409, "sealing_key_required", detail));
  }
  const apps = appsFor(config.apps, app_id);
  if (!apps.ok) return refused(apps);
  const link: z.infer<typeof linkSchema> = {
    id: randomSecret(),
    app: apps.apps[0].id,
    instagram,
    config: config_id,
    back: return_url === null ? null : new URL(return_url).href,
    pages: caller.pages ? [...caller.pages] : null,
    expires: Date.now() + LIFE_MS,
  };
  const signed = await sign(config.sealingKeys, "start link", link);
  if (signed.length > MAX_LINK_CHARS) {
    const detail = "return_url and the ids of all pages that the key is good for are too long for one link.";
    return refused(refuse(400, "invalid_body", detail));
  }
  const url = new URL("/oauth/start", originOf(request, config));
  url.searchParams.set("link", signed);
  const answer = { url: url.href, expires_at: new Date(link.expires).toISOString() };
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}

/** `GET /oauth/start?link=`: binds the login to this browser, and sends it to Meta. */
export async function start(request: Request, config: Config, env: Cloudflare.Env): Promise<Response> {
  const { sealingKeys, graph, facebookUrl } = config;
  const text = new URL(request.url).searchParams.get("link") ?? "";
  const link = await verify(sealingKeys, "start link", text, linkSchema);
  if (!link) return noLink(403, "link_invalid", "This address is not a link that this gateway made.");
  if (link.expires <= Date.now()) return noLink(410, "link_expired", "This link was good for ten minutes.");
  if (!(await directoryOf(env).spendLogin(link.id, link.expires))) {
    return noLink(409, "link_used", "This link has been opened before, and is good once.");
  }
  const origin = originOf(request, config);
  const browser = newBrowser();
  const { app, instagram, back, pages } = link;
  const state: State = {
    app,
    instagram,
    back,
    pages,
    expires: Date.now() + LIFE_MS,
    login: browser.login,
    browser: await markOf(browser),
  };
  const location = dialogUrl({
    facebookUrl,
    version: graph.version,
    appId: app,
    redirectUri: origin + CALLBACK,
    state: await sign(sealingKeys, "state", state),
    challenge: await digest(await verifierOf(browser)),
    wish:
      link.config === null
        ? { scopes: instagram ? [...SCOPES, ...INSTAGRAM_SCOPES] : SCOPES }
        : { configId: link.config },
  });
  return new Response(null, {
    status: 302,
    headers: {
      location,
      "set-cookie": cookieOf(browser, origin),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
  });
}

/** A state that came back, if it is one of ours; whether it has expired is for the caller to see. */
export const stateIn = (config: Config, text: string): Promise<State | undefined> =>
  verify(config.sealingKeys, "state", text, stateSchema);

const noLink = (status: number, code: string, text: string): Promise<Response> =>
  failurePage({
    status,
    code,
    title: "This link doesn’t work",
    text,
    next: "Ask whoever gave it to you for a new one. They get it with POST /oauth.start.",
  });
