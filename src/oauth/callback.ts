import type { Config } from "../env.ts";
import { grantedPermissions } from "../graph/accounts.ts";
import { graphAs, isNamed } from "../graph/app-token.ts";
import type { CallFailure } from "../graph/client.ts";
import { exchangeCode, longLived } from "../graph/login.ts";
import { directoryOf } from "../pages/served.ts";
import { browserOf, markOf, verifierOf } from "./browser.ts";
import { failurePage } from "./page.ts";
import { keepSession, originOf } from "./session.ts";
import { CALLBACK, stateIn } from "./start.ts";

const NEEDED = ["pages_show_list", "pages_messaging", "pages_manage_metadata"];
const INSTAGRAM = ["instagram_basic", "instagram_manage_messages"];

const AGAIN = "Begin again with a new link: whoever gave you this one gets another with POST /oauth.start.";

/**
 * `GET /connector/callback`: the person comes back from Meta, with a code or without. Only the browser that left may, once,
 * in time (RFC 6749 §10.12).
 */
export async function comeBack(request: Request, config: Config, env: Cloudflare.Env): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const origin = originOf(request, config);
  const fail = (status: number, code: string, title: string, text: string, next = AGAIN) =>
    failurePage({ status, code, title, text, next });

  const state = await stateIn(config, query.get("state") ?? "");
  if (!state) {
    return fail(
      400,
      "state_invalid",
      "This login isn’t ours",
      "What Meta sent back was changed, or not made here.",
    );
  }
  const browser = browserOf(request, origin);
  if (!browser || browser.login !== state.login || (await markOf(browser)) !== state.browser) {
    const text = "The login was begun in another browser, or cookies are switched off in this one.";
    return fail(403, "other_browser", "This is another browser", text);
  }
  if (state.expires <= Date.now()) {
    return fail(410, "state_expired", "The login took too long", "It has to be done within ten minutes.");
  }
  if (!(await directoryOf(env).spendLogin(state.login, state.expires))) {
    const text = "This login has been used already. It works once, so that nobody can repeat it.";
    return fail(409, "state_used", "This login is over", text);
  }
  if (query.has("error") || query.has("error_code")) {
    const isDenied = query.get("error") === "access_denied";
    const said = query.get("error_description") ?? query.get("error_message") ?? query.get("error") ?? "";
    return isDenied
      ? fail(
          403,
          "access_denied",
          "Nothing was connected",
          "You cancelled at Facebook, and nothing has changed.",
        )
      : fail(502, "login_failed", "Facebook refused the login", `Facebook says: ${said.slice(0, 300)}`);
  }
  const app = config.apps.filter(isNamed).find(({ id }) => id === state.app);
  const code = query.get("code");
  if (!app || code === null) {
    return fail(
      400,
      "no_code",
      "The login is incomplete",
      "Facebook sent no code, or the app is no longer set up.",
    );
  }

  const refusedByMeta = ({ status, reason }: CallFailure) =>
    fail(
      502,
      "code_refused",
      "Facebook didn’t confirm the login",
      status === null ? `${reason}.` : `Facebook says: ${reason}`,
    );
  const redirectUri = origin + CALLBACK;
  const verifier = await verifierOf(browser);
  const short = await exchangeCode(config.graph, app, { code, redirectUri, verifier });
  if (!short.ok) return refusedByMeta(short);
  const long = await longLived(config.graph, app, short.value.access_token);
  if (!long.ok) return refusedByMeta(long);
  const token = long.value.access_token;
  const granted = await grantedPermissions(graphAs(config.graph, app, token));
  if (!granted.ok) return refusedByMeta(granted);
  const lacks = (one: string) => !granted.value.includes(one);
  const missing = NEEDED.filter(lacks);
  if (missing.length > 0) {
    const text = `Without ${missing.join(" and ")} the gateway can’t receive and send the page’s messages. These were declined, or taken back later.`;
    const next = `${AGAIN} Then allow everything that Facebook asks for.`;
    return fail(403, "permission_missing", "A permission is missing", text, next);
  }
  await keepSession({ config, env }, browser, {
    token,
    app: app.id,
    // A configuration of Login for Business may ask for more than the link does.
    instagram: !INSTAGRAM.some(lacks) ? "granted" : state.instagram ? "declined" : "not_asked",
    back: state.back,
    pages: state.pages,
  });
  // The code and the state leave the address bar, and reloading is harmless.
  return new Response(null, {
    status: 303,
    headers: {
      location: `${origin}/oauth/pages`,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
  });
}
