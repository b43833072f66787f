import type { Config } from "../env.ts";
import { type Named, readInstagramAccount, readName } from "../graph/accounts.ts";
import { graphAs } from "../graph/app-token.ts";
import type { GraphClient } from "../graph/client.ts";
import { subscribeToPage, unsubscribeFromPage } from "../graph/subscriptions.ts";
import { pageId } from "../ids.ts";
import type { Source } from "../pages/channel.ts";
import { channelId } from "../pages/channel-id.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { seal } from "../pages/sealing.ts";
import { forgetSetup } from "../pages/setup.ts";
import { isShared, list } from "./listing.ts";
import { appsFor, missingScopes, NEEDED_SCOPES, type PageToken, pageTokenFrom } from "./page-token.ts";
import { type Refusal, refuse, refusedByMeta } from "./refusal.ts";

export interface ChannelWorld {
  config: Config;
  env: Pick<Cloudflare.Env, "PAGE" | "DIRECTORY">;
}

/** What is to be connected. */
export interface Wish {
  source: Source;
  /** The page; for Instagram the one behind the account. */
  page: string;
  /** The Instagram account. */
  account?: string | undefined;
  /** The page's, or that of a person who manages it. */
  token: string;
  name?: string | undefined;
  imageUrl?: string | undefined;
  /** Whose token it is, where the gateway has several apps. */
  appId?: string | undefined;
}

type Connected = { ok: true; channel: ListedChannel; warnings: string[] } | Refusal;

/**
 * Connects a page, or gives it a new token: finds the page's own token, sees that it can do what is needed, subscribes the
 * app to the page's events, and only then keeps the token, sealed. If a step fails, nothing is kept, and a page that wasn't
 * connected isn't subscribed either. Connecting twice is the same as once.
 */
export async function connect(world: ChannelWorld, wish: Wish): Promise<Connected> {
  const { config, env } = world;
  const { source, page, account = page, name, imageUrl } = wish;
  const { graph: place, sealingKeys } = config;
  if (sealingKeys.length === 0) {
    const detail =
      "Tokens are kept sealed, and SEALING_KEY is not set: `openssl rand -base64 32 | wrangler secret put SEALING_KEY`.";
    return refuse(409, "sealing_key_required", detail);
  }
  const apps = appsFor(config.apps, wish.appId);
  if (!apps.ok) return apps;
  const own = await pageTokenFrom(place, apps.apps, page, wish.token);
  if (!own.ok) return own;
  const missing = missingScopes(own.facts, NEEDED_SCOPES[source], [page, account]);
  if (missing.length > 0) {
    const detail =
      `The token lacks ${missing.join(" and ")}: let a person who manages the page log in again and grant it. ` +
      "Meta must have approved it for the app, unless the person has a role in the app.";
    return refuse(422, "permission_missing", detail);
  }

  const graph = graphAs(place, own.app, own.token);
  const named = source === "facebook" ? await readName(graph, page) : await accountOf(graph, page, account);
  if (!named.ok) return "detail" in named ? named : refusedByMeta(named, "reading the page's name");

  const id = await channelId(source, account);
  const object = env.PAGE.getByName(account);
  const wasConnected = (await object.channel())?.isConnected ?? config.pageTokens.has(pageId(account));
  const subscribed = await subscribeToPage(graph, page);
  if (!subscribed.ok) return refusedByMeta(subscribed, "subscribing to the page");

  const connection = {
    source,
    facebookPage: page,
    appId: own.app.id,
    name: name ?? named.value.name,
    imageUrl: imageUrl ?? named.value.imageUrl,
  };
  try {
    const token = await seal(sealingKeys, own.token, { page: account, purpose: "page_token" });
    await object.connectChannel({ ...connection, token });
  } catch (error) {
    console.error({ event: "channel_not_kept", page: account, error: String(error) });
    if (!wasConnected && !(await isNeeded(world, page, id))) await unsubscribeFromPage(graph, page);
    return refuse(
      503,
      "not_kept",
      "The token could not be kept; nothing has changed. The call can be repeated.",
    );
  }
  forgetSetup(pageId(account));

  const channel: ListedChannel = {
    ...connection,
    id,
    sourceChannelId: account,
    isConnected: true,
    tokenIn: "object",
    connectedAt: Date.now(),
  };
  try {
    await list(world, channel);
  } catch (error) {
    console.error({ event: "channel_not_listed", page: account, error: String(error) });
    const detail = "The page is connected, but could not be listed: repeat the call, which does no harm.";
    return refuse(503, "not_listed", detail);
  }
  return { ok: true, channel, warnings: warningsOf(own, subscribed.refused) };
}

/** In doubt it is: a subscription that nobody needs does no harm, and one that is missing loses messages. */
const isNeeded = (world: ChannelWorld, facebookPage: string, id: string): Promise<boolean> =>
  isShared(world, { id, facebookPage }).catch(() => true);

/** The Instagram account, if it is the one of this page. */
async function accountOf(
  graph: GraphClient,
  page: string,
  account: string,
): Promise<{ ok: true; value: Named } | Refusal> {
  const found = await readInstagramAccount(graph, page);
  if (!found.ok) return refusedByMeta(found, "asking for the page's Instagram account");
  if (found.value?.id === account) return { ok: true, value: found.value };
  const detail =
    found.value === null
      ? `Page ${page} has no Instagram professional account: link it in the page's settings.`
      : `The Instagram account of page ${page} is ${found.value.id}, not ${account}.`;
  return refuse(422, "account_of_other_page", detail);
}

function warningsOf(
  { facts: { expiresAt } }: PageToken,
  refused: { fields: string[]; reason: string } | null,
): string[] {
  const warnings: string[] = [];
  if (expiresAt !== null) {
    warnings.push(
      `The token expires on ${new Date(expiresAt).toISOString()}, since it was made from a short-lived one. ` +
        "Connect the page again with the token of a person: the page's that is made from it doesn't expire.",
    );
  }
  if (refused) {
    warnings.push(`Not subscribed to ${refused.fields.join(", ")}: Meta refused them (${refused.reason}).`);
  }
  return warnings;
}
