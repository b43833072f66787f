import type { App } from "../env.ts";
import { readAccount } from "../graph/accounts.ts";
import {
  debugToken,
  type GraphPlace,
  graphAs,
  isNamed,
  type NamedApp,
  type TokenFacts,
} from "../graph/app-token.ts";
import { longLived } from "../graph/login.ts";
import { type Refusal, refuse, refusedByMeta } from "./refusal.ts";

/** What a token is that somebody hands over, and how a page's own comes from it. */

export interface PageToken {
  app: NamedApp;
  /** The page's own. */
  token: string;
  facts: TokenFacts;
}

interface KnownToken {
  ok: true;
  app: NamedApp;
  facts: TokenFacts;
}

/** Whose tokens let their holder look after pages. */
const PEOPLE = new Set(["USER", "SYSTEM_USER"]);

/**
 * The app that may be named, else all of them.
 * @returns those whose tokens can be looked into
 */
export function appsFor(
  apps: readonly App[],
  named: string | undefined,
): { ok: true; apps: [NamedApp, ...NamedApp[]] } | Refusal {
  if (named !== undefined && !apps.some(({ id }) => id === named)) {
    return refuse(
      400,
      "no_such_app",
      "app_id: the gateway has no app of this id; see META_APPS and META_APP_ID.",
    );
  }
  const [first, ...rest] = apps.filter(isNamed).filter(({ id }) => named === undefined || id === named);
  if (first) return { ok: true, apps: [first, ...rest] };
  return refuse(
    409,
    "app_id_required",
    "Set META_APP_ID: without the app's id Meta doesn't tell what a token is.",
  );
}

/** Asks Meta what a token is, under whichever app it belongs to. */
export async function lookInto(
  place: GraphPlace,
  [first, ...others]: [NamedApp, ...NamedApp[]],
  token: string,
): Promise<KnownToken | Refusal> {
  const known = await lookUnder(place, first, token);
  if (known.ok) return known;
  for (const app of others) {
    const other = await lookUnder(place, app, token);
    if (other.ok) return other;
  }
  return known;
}

async function lookUnder(place: GraphPlace, app: NamedApp, token: string): Promise<KnownToken | Refusal> {
  const debugged = await debugToken(place, app, token);
  if (!debugged.ok && OTHER_APP.test(debugged.reason)) return ofOtherApp("another app", app);
  if (!debugged.ok) return refusedByMeta(debugged, "asking what the token is");
  const { value: facts } = debugged;
  if (facts.appId !== null && facts.appId !== app.id) return ofOtherApp(`app ${facts.appId}`, app);
  if (!facts.isValid) {
    const detail = `The token isn't valid (Meta: ${facts.complaint ?? "no reason given"}): make a new one.`;
    return refuse(422, "token_invalid", detail);
  }
  return { ok: true, app, facts };
}

/** How Meta says it to an app that isn't the token's. */
const OTHER_APP = /app_id in the input_token did not match/i;

const ofOtherApp = (other: string, { id }: NamedApp): Refusal =>
  refuse(
    422,
    "token_of_other_app",
    `The token is one of ${other}, not of app ${id}: make one with this app.`,
  );

/**
 * The page's own token: the one given, if it is that; or the one that the person whose token it is has for the page. A
 * person's token is made long-lived first, so that the page's doesn't expire.
 */
export async function pageTokenFrom(
  place: GraphPlace,
  apps: [NamedApp, ...NamedApp[]],
  page: string,
  token: string,
): Promise<({ ok: true } & PageToken) | Refusal> {
  const given = await lookInto(place, apps, token);
  if (!given.ok) return given;
  const { app, facts } = given;
  if (!PEOPLE.has(facts.type)) return ofPage({ app, token, facts }, page);

  let lasting = token;
  if (facts.expiresAt !== null) {
    const exchanged = await longLived(place, app, token);
    if (!exchanged.ok) return refusedByMeta(exchanged, "exchanging the token for a long-lived one");
    lasting = exchanged.value.access_token;
  }
  const account = await readAccount(graphAs(place, app, lasting), page);
  // Meta's word for "not for you" and "not there" is the same.
  if (!account.ok && account.code !== "no_such_user")
    return refusedByMeta(account, "asking for the page's token");
  if (!account.ok || account.value.token === null) return notManaged(page);
  const own = await lookInto(place, [app], account.value.token);
  return own.ok ? ofPage({ app, token: account.value.token, facts: own.facts }, page) : own;
}

function ofPage(own: PageToken, page: string): ({ ok: true } & PageToken) | Refusal {
  const { type, profileId } = own.facts;
  if (type !== "PAGE") {
    const detail = `This is a token of type ${type || "unknown"}: give the page's own, or that of a person who manages it.`;
    return refuse(422, "token_type", detail);
  }
  if (profileId !== null && profileId !== page) {
    const detail = `The token is that of page ${profileId}, not of page ${page}.`;
    return refuse(422, "token_of_other_page", detail);
  }
  return { ok: true, ...own };
}

const notManaged = (page: string): Refusal =>
  refuse(
    422,
    "page_not_managed",
    `The person whose token this is has no role on page ${page}, or didn't let the app have it: ` +
      "let them log in again and choose the page.",
  );

/** What a channel can't do without. Instagram's are asked for beside those that let the page be subscribed. */
export const NEEDED_SCOPES = {
  facebook: ["pages_messaging", "pages_manage_metadata"],
  instagram: ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata"],
} as const;

/**
 * The permissions a token lacks.
 * @param targets the ids of the page and its account: a permission can be limited to others
 */
export function missingScopes(
  { scopes, limits }: TokenFacts,
  needed: readonly string[],
  targets: readonly string[],
): string[] {
  return needed.filter((scope) => {
    const limit = limits.get(scope) ?? [];
    return !scopes.includes(scope) || (limit.length > 0 && !targets.some((id) => limit.includes(id)));
  });
}
