import { NOT_ASKED } from "./answer.ts";
import type { Bot, BotSettings } from "./bot.ts";
import { authorizationOf, callBot, MAX_ANSWER_BYTES } from "./call.ts";
import { hubSignatures } from "./hub-signature.ts";
import { envelopeOf } from "./meta-envelope.ts";

/**
 * A bot that was written for Meta: it gets Meta's own webhooks, signed as Meta signs them, says nothing by its answer
 * that counts, and replies by calls (docs/bots.md).
 */
export function messengerBot(settings: BotSettings): Bot {
  return {
    async deliver({ delivery, conversation, events }) {
      const body = envelopeOf(conversation, events);
      if (body === undefined) return NOT_ASKED;
      const call = {
        url: settings.url,
        id: delivery,
        delivery,
        body,
        headers: { ...authorizationOf(settings), ...(await hubSignatures(body, settings.appSecret)) },
        signal: AbortSignal.timeout(settings.timeoutMs),
        maxBytes: MAX_ANSWER_BYTES,
      };
      return { ...(await callBot(call, settings)), repliesLater: true };
    },
  };
}
