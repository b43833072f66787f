import { unsubscribeFromPage } from "../graph/subscriptions.ts";
import { pageId } from "../ids.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { graphEnd } from "../pages/ends.ts";
import { directoryOf } from "../pages/served.ts";
import { forgetSetup, setupOf } from "../pages/setup.ts";
import type { ChannelWorld } from "./connect.ts";
import { allChannels } from "./listing.ts";

/**
 * Ends the subscription to a page and forgets its token. What Meta says to that doesn't matter: the token may long be dead.
 * A page whose token is in the secrets is switched off.
 * @returns what is left to do by hand
 */
export async function disconnect(world: ChannelWorld, channel: ListedChannel): Promise<string[]> {
  const { config, env } = world;
  const { source, facebookPage, sourceChannelId } = channel;
  const page = pageId(sourceChannelId);
  const left: string[] = [];
  if (channel.isConnected) {
    const graph = graphEnd(config, await setupOf({ config, pages: env.PAGE }, page));
    // A page and its Instagram account have one subscription between them.
    const isShared = (await allChannels(world)).some(
      (one) => one.isConnected && one.facebookPage === facebookPage && one.id !== channel.id,
    );
    if (graph && !isShared) {
      const ended = await unsubscribeFromPage(graph, facebookPage);
      if (!ended.ok) {
        console.warn({ event: "not_unsubscribed", page, code: ended.code });
        left.push(
          `Meta still has the app subscribed to the page (${ended.reason}): what it sends isn't answered.`,
        );
      }
    }
    await env.PAGE.getByName(page).disconnectChannel({ source, facebookPage });
    await directoryOf(env).put({ ...channel, isConnected: false });
    forgetSetup(page);
  }
  if (config.pageTokens.has(page)) {
    left.push(
      "The page's token is also in the gateway's secrets: it isn't used, and stays there until you delete it.",
    );
  }
  return left;
}
