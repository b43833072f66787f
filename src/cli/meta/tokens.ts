import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";
import { asApp, type MetaApp } from "./app.ts";
import { type Graph, refused, withProof } from "./graph.ts";

/** What a token is good for, and the pages it leads to. */

export interface MetaPage {
  id: string;
  name: string;
  token: string;
  /** What isn't wrong now, but will be. */
  warnings: string[];
}

/** Without these a page neither receives nor answers. */
const NEEDED = ["pages_messaging", "pages_manage_metadata"];

const id = z.pipe(z.union([z.string(), z.number()]), z.transform(String));
const tokenSchema = z.object({
  data: z.object({
    is_valid: z.boolean(),
    type: z.optional(z.string()),
    app_id: z.optional(id),
    profile_id: z.optional(id),
    scopes: z.optional(z.array(z.string())),
    granular_scopes: z.optional(
      z.array(z.object({ scope: z.string(), target_ids: z.optional(z.array(id)) })),
    ),
    /** Seconds since 1970; 0: never. */
    expires_at: z.optional(z.number()),
    data_access_expires_at: z.optional(z.number()),
    error: z.optional(z.object({ message: z.optional(z.string()) })),
  }),
});
type TokenFacts = z.infer<typeof tokenSchema>["data"];

const accountsSchema = z.object({
  data: z.array(z.object({ id, name: z.optional(z.string()), access_token: z.optional(z.string()) })),
  paging: z.optional(
    z.object({
      next: z.optional(z.string()),
      cursors: z.optional(z.object({ after: z.optional(z.string()) })),
    }),
  ),
});
const longLivedSchema = z.object({ access_token: z.string() });
const nameSchema = z.object({ name: z.optional(z.string()) });

/** Which of a person's pages are meant. */
export type ChoosePages = (pages: readonly { id: string; name: string }[]) => Promise<string[]>;

/**
 * A page's token leads to that page; a person's to those of their pages that are chosen, with tokens that last.
 * @throws Trouble for a token that can't be used, with the way out
 */
export async function pagesBehind(
  graph: Graph,
  app: MetaApp,
  token: string,
  choose: ChoosePages,
): Promise<MetaPage[]> {
  const facts = await factsOf(graph, app, token);
  if (facts.type === "PAGE") return [await checkPage(graph, app, token, facts)];
  if (facts.type === "APP") {
    throw new Trouble("token_of_another", "This is a token of the app, not of a page.", TOKEN_HOW);
  }
  mustHave(facts, undefined, ["pages_show_list", ...NEEDED]);
  const lasting = facts.type === "USER" ? await longLived(graph, app, token) : token;
  const pages = await accountsOf(graph, app, lasting);
  const chosen = new Set(await choose(pages));
  const checked: MetaPage[] = [];
  for (const page of pages) {
    if (chosen.has(page.id)) checked.push(await checkPage(graph, app, page.token));
  }
  return checked;
}

/** @throws Trouble if the token is none of this app for a page, or may not do what it takes */
async function checkPage(graph: Graph, app: MetaApp, token: string, known?: TokenFacts): Promise<MetaPage> {
  const facts = known ?? (await factsOf(graph, app, token));
  const { profile_id: page } = facts;
  if (facts.type !== "PAGE" || page === undefined) {
    throw new Trouble("token_of_another", "This is no token of a page.", TOKEN_HOW);
  }
  mustHave(facts, page, NEEDED);
  const named = await graph.call("GET", page, { fields: "name" }, withProof(token, app.secret), nameSchema);
  const { name = page } = named.ok ? named.value : {};
  return { id: page, name, token, warnings: warningsOf(facts) };
}

async function factsOf(graph: Graph, app: MetaApp, token: string): Promise<TokenFacts> {
  const answer = await graph.call("GET", "debug_token", { input_token: token }, asApp(app), tokenSchema);
  if (!answer.ok) throw refused("The token couldn't be looked at", answer, TOKEN_HOW);
  const { data } = answer.value;
  if (!data.is_valid) {
    const words = data.error?.message === undefined ? "" : ` Meta says “${data.error.message}”`;
    throw new Trouble("token_invalid", `The page token isn't valid.${words}`, TOKEN_HOW);
  }
  if (data.app_id !== undefined && data.app_id !== app.id) {
    const how = `Generate one in the dashboard of app ${app.id}, or give that app's id and secret.`;
    throw new Trouble("token_of_another", `The token was made for app ${data.app_id}.`, how);
  }
  return data;
}

const TOKEN_HOW =
  "Generate one in the app's dashboard under Messenger › Messenger API Settings › Generate token, or log in with --oauth.";

function mustHave(
  { scopes, granular_scopes }: TokenFacts,
  page: string | undefined,
  needed: readonly string[],
): void {
  if (scopes === undefined) return;
  const missing = needed.filter((scope) => {
    if (!scopes.includes(scope)) return true;
    const targets = granular_scopes?.find((one) => one.scope === scope)?.target_ids;
    return page !== undefined && targets !== undefined && !targets.includes(page);
  });
  if (missing.length === 0) return;
  const how =
    "Generate the token anew and leave every box ticked, or log in with --oauth and choose the page; for people without a role in the app, the permissions need App Review.";
  throw new Trouble("permissions_missing", `The token lacks ${missing.join(", ")}.`, how);
}

function warningsOf({ expires_at: expires = 0 }: TokenFacts): string[] {
  if (expires === 0) return [];
  const day = new Date(expires * 1000).toISOString().slice(0, 10);
  return [`the token ends on ${day}: give the token of a person, or log in with --oauth, for one that lasts`];
}

async function longLived(graph: Graph, app: MetaApp, token: string): Promise<string> {
  const parameters = {
    grant_type: "fb_exchange_token",
    client_id: app.id,
    client_secret: app.secret,
    fb_exchange_token: token,
  };
  const answer = await graph.call("GET", "oauth/access_token", parameters, undefined, longLivedSchema);
  if (!answer.ok) throw refused("The token couldn't be exchanged for a lasting one", answer, TOKEN_HOW);
  return answer.value.access_token;
}

/** Meta's lists have no fixed length; nobody manages more pages than this. */
const MAX_ANSWERS = 100;

async function accountsOf(
  graph: Graph,
  app: MetaApp,
  token: string,
): Promise<{ id: string; name: string; token: string }[]> {
  const pages: { id: string; name: string; token: string }[] = [];
  let after: string | undefined;
  for (let asked = 0; asked < MAX_ANSWERS; asked++) {
    const parameters = {
      fields: "id,name,access_token",
      limit: "100",
      ...(after === undefined ? {} : { after }),
    };
    const answer = await graph.call(
      "GET",
      "me/accounts",
      parameters,
      withProof(token, app.secret),
      accountsSchema,
    );
    if (!answer.ok) throw refused("The person's pages couldn't be listed", answer, TOKEN_HOW);
    for (const { id, name = id, access_token } of answer.value.data) {
      if (access_token !== undefined) pages.push({ id, name, token: access_token });
    }
    after = answer.value.paging?.cursors?.after;
    if (answer.value.paging?.next === undefined || after === undefined) break;
  }
  if (pages.length > 0) return pages;
  const how =
    "Log in as somebody with full control of the page, and choose the page when Facebook asks which.";
  throw new Trouble("page_not_found", "The token leads to no page.", how);
}
