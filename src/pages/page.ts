import type { Bot } from "../bots/bot.ts";
import { nativeBot } from "../bots/native.ts";
import type { Config } from "../env.ts";
import { GraphClient } from "../graph/client.ts";
import type { PageId } from "../ids.ts";

/** What the dispatcher needs of a page. */
export interface Page {
  bot: Bot;
  /** `undefined` when no token of the page is known: its messages are held. */
  graph: GraphClient | undefined;
}

/** A page as the settings describe it. */
export function pageOf(config: Config, id: PageId): Page {
  const token = config.pageTokens.get(id);
  const settings = { ...config.graph, appSecret: config.appSecrets[0] };
  return {
    bot: nativeBot(config.bot),
    graph: token === undefined ? undefined : new GraphClient(settings, id, token),
  };
}
