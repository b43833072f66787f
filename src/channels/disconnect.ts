import { unsubscribeFromPage } from "../graph/subscriptions.ts";
import { type PageId, pageId } from "../ids.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { graphEnd } from "../pages/ends.ts";
import { forgetSetup, setupOf } from "../pages/setup.ts";
import type { ChannelWorld } from "./connect.ts";
import { isShared, list } from "./listing.ts";

/**
 * Ends the subscription to a page and forgets its token. What Meta says to that doesn't matter: the token may long be dead.
 * A page whose token is in the secrets is switched off.
 * @returns what is left to do by hand
 */
export async function disconnect(world: ChannelWorld, channel: ListedChannel): Promise<string[]> {
  const { config, env } = world;
  const { source, facebookPage, sourceChannelId } = channel;
  const page = pageId(sourceChannelId);
  const object = env.PAGE.getByName(page);
  const left: string[] = [];
  // A token can be kept although the list doesn't show it: it is written before the list is.
  if (channel.isConnected || (await object.channel())?.token != null) {
    if (!(await isShared(world, channel))) left.push(...(await unsubscribe(world, page, facebookPage)));
    await object.disconnectChannel({ source, facebookPage });
    await list(world, { ...channel, isConnected: false });
    forgetSetup(page);
  }
  if (config.pageTokens.has(page)) {
    left.push(
      "The page's token is also in the gateway's secrets: it isn't used, and stays there until you delete it.",
    );
  }
  return left;
}

async function unsubscribe(
  { config, env }: ChannelWorld,
  page: PageId,
  facebookPage: string,
): Promise<string[]> {
  const graph = graphEnd(config, await setupOf({ config, pages: env.PAGE }, page));
  const ended = graph && (await unsubscribeFromPage(graph, facebookPage));
  if (ended?.ok) return [];
  console.warn({ event: "not_unsubscribed", page, code: ended?.code ?? "no_token" });
  const reason = ended?.reason ?? "its token is gone, or opens under no key that is set";
  return [`Meta still has the app subscribed to the page (${reason}): what it sends isn't answered.`];
}
