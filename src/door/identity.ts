import { type Caller, callerOfKey } from "../api/auth.ts";
import { hmacKey } from "../hmac.ts";
import { type PageId, pageId } from "../ids.ts";
import { isServed, servedPages } from "../pages/served.ts";
import { type PageSetup, setupOf } from "../pages/setup.ts";
import { encode } from "../utf8.ts";
import type { Door } from "./call.ts";
import type { Incoming } from "./incoming.ts";
import { type MetaError, metaErrors } from "./meta-error.ts";

/** Who calls, and for which page: a gateway key stands where Meta has a page's token. */

type Identified = { ok: true; caller: Caller; setup: PageSetup } | { ok: false; error: MetaError };

const refuse = (error: MetaError): Identified => ({ ok: false, error });

/** The first part of the path: a page's id, one that may be a page's or that of anything else, or no id at all. */
interface Node {
  name: string;
  is: "page" | "anything" | "other";
}

/** Whose key it is, and the page that the call is about. */
export async function identify(door: Door, call: Incoming, node: Node): Promise<Identified> {
  const { config, env } = door;
  const token = tokenOf(call);
  if (token === undefined) return refuse(node.name === "me" ? metaErrors.noTokenForMe : metaErrors.noToken);
  const caller = await callerOfKey(token, config.apiKeys);
  if (!caller) return refuse(metaErrors.badToken);
  const page = node.is === "page" ? pageId(node.name) : await pageFor(caller, node, door);
  if (page === undefined) return refuse(metaErrors.whichPage);
  if (caller.pages && !caller.pages.includes(page)) return refuse(metaErrors.otherPage);
  const setup = await setupOf({ config, pages: env.PAGE }, page);
  // The same answer for pages of others and for those that nobody has here: it tells nothing.
  if (setup.token === undefined && !(await isServed(page, config, env))) return refuse(metaErrors.otherPage);
  const proof = proofOf(call);
  if (proof !== undefined && !(await isProof(proof, token, setup.bot.appSecret))) {
    return refuse(metaErrors.badProof);
  }
  return { ok: true, caller, setup };
}

/** A parameter counts before the header, as it does at Meta. */
export function tokenOf({ query, body, bearer }: Incoming): string | undefined {
  const given = body["access_token"] ?? query["access_token"];
  return typeof given === "string" && given !== "" ? given : bearer;
}

export const proofOf = ({ query, body }: Incoming): unknown =>
  body["appsecret_proof"] ?? query["appsecret_proof"];

/** The page that is named, if one of it is served here; else the one that the key belongs to, or the only one there is. */
async function pageFor({ pages }: Caller, node: Node, { config, env }: Door): Promise<PageId | undefined> {
  const named = pageId(node.name);
  const isPossible = node.is === "anything";
  if (isPossible && config.pageTokens.has(named)) return named;
  const all = pages ? pages.map(pageId) : await servedPages(config, env);
  if (isPossible && all.includes(named)) return named;
  const [only, ...others] = all;
  return others.length === 0 ? only : undefined;
}

/**
 * Whether this is the client's proof that it has the app secret: of our key, since that is the token it knows.
 * @see https://developers.facebook.com/docs/graph-api/guides/secure-requests
 */
async function isProof(proof: unknown, token: string, appSecret: string): Promise<boolean> {
  if (typeof proof !== "string" || !/^[\da-f]{64}$/i.test(proof)) return false;
  return crypto.subtle.verify("HMAC", await hmacKey(appSecret), Uint8Array.fromHex(proof), encode(token));
}
