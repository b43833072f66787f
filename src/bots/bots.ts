import type { Bot, BotProtocol, BotSettings } from "./bot.ts";
import { botpressBot } from "./botpress.ts";
import { messengerBot } from "./messenger.ts";
import { nativeBot } from "./native.ts";
import { openaiBot } from "./openai.ts";
import { rasaBot } from "./rasa.ts";
import { tockBot } from "./tock.ts";

const BOTS: Record<BotProtocol, (settings: BotSettings) => Bot> = {
  native: nativeBot,
  messenger: messengerBot,
  rasa: rasaBot,
  botpress: botpressBot,
  tock: tockBot,
  openai: openaiBot,
};

/** The bot that these settings describe. */
export const botOf = (settings: BotSettings): Bot => BOTS[settings.protocol](settings);
