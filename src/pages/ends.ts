import type { Bot, BotProtocol, BotSettings } from "../bots/bot.ts";
import { botpressBot } from "../bots/botpress.ts";
import { nativeBot } from "../bots/native.ts";
import { rasaBot } from "../bots/rasa.ts";
import { tockBot } from "../bots/tock.ts";
import type { Config } from "../env.ts";
import { GraphClient } from "../graph/client.ts";
import type { PageId } from "../ids.ts";

/** The two ends a page is connected to. */
export interface Ends {
  bot: Bot;
  /** `undefined` when no token of the page is known: its messages are held. */
  graph: GraphClient | undefined;
}

const BOTS: Record<BotProtocol, (settings: BotSettings) => Bot> = {
  native: nativeBot,
  rasa: rasaBot,
  botpress: botpressBot,
  tock: tockBot,
};

/** A page's ends as the settings describe them. */
export function endsOf(config: Config, page: PageId): Ends {
  const token = config.pageTokens.get(page);
  const settings = { ...config.graph, appSecret: config.appSecrets[0] };
  return {
    bot: BOTS[config.bot.protocol]({ ...config.bot, splitText: config.settingsOf(page).splitText }),
    graph: token === undefined ? undefined : new GraphClient(settings, page, token),
  };
}
