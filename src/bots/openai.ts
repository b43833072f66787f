import { encode } from "../utf8.ts";
import { NOT_ASKED, type ReadAnswer } from "./answer.ts";
import { asksIn } from "./asks.ts";
import type { Bot, BotOutcome, BotSettings } from "./bot.ts";
import { authorizationOf, callBot } from "./call.ts";
import { type ChatMessage, chatMessages, haveImages } from "./chat-messages.ts";
import { readCompletion } from "./completion.ts";
import { repliesIn } from "./completion-replies.ts";
import { answerSaying } from "./saying.ts";
import { addressUnder } from "./turns.ts";

/** A stream spends some 300 bytes on each token, those of a model's thoughts included: enough for 14,000. */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

const COMPLETIONS = "/chat/completions";

/**
 * A language model behind an OpenAI-compatible endpoint. It remembers nothing, so that it is told the last turns with
 * every request. Its answer is read whole before anything of it is sent: half a reply is no reply.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export function openaiBot(settings: BotSettings): Bot {
  const isWhole = new URL(settings.url).pathname.replace(/\/+$/, "").endsWith(COMPLETIONS);
  const url = isWhole ? settings.url : addressUnder(settings.url, COMPLETIONS);
  const { model, prompt, turns: limit } = settings;
  return {
    async deliver({ delivery, conversation, events }, talk) {
      const asks = conversation.owner === "bot" ? asksIn(events) : [];
      if (asks.length === 0) return NOT_ASKED;
      const signal = AbortSignal.timeout(settings.timeoutMs);
      const turns = limit > 0 ? await talk.turns(limit) : [];
      const user = await pseudonymOf(conversation.id);
      const told = { prompt, profile: conversation.profile, turns, limit, asks };

      const ask = async (id: string, messages: ChatMessage[]) => {
        let said: string | undefined;
        const read = (text: string): ReadAnswer => {
          const answer = readCompletion(text);
          if (answer.kind !== "completion") return answer;
          said = answer.completion.text;
          const replies = repliesIn(answer.completion);
          return answerSaying(replies, conversation, { protocol: "openai", split: settings.splitText });
        };
        const body = JSON.stringify({ model, messages, stream: true, user });
        const headers = { ...authorizationOf(settings), accept: "text/event-stream, application/json" };
        const call = { url, id, delivery, body, headers, signal, maxBytes: MAX_STREAM_BYTES };
        const { outcome, excerpt } = await callBot(call, settings, read);
        return { outcome: unlessUnpaid(outcome), excerpt: said ?? excerpt };
      };

      const messages = chatMessages(told, true);
      const first = await ask(delivery, messages);
      if (!haveImages(messages) || !refusesContents(first.outcome)) return first;
      // A model that can't see, or an image that is no more to be had: neither is worth a dead letter.
      return ask(`${delivery}_2`, chatMessages(told, false));
    },
  };
}

/** How endpoints say that a model can't see, or that an image can't be fetched: `500` is llama.cpp's. */
const REFUSALS: ReadonlySet<number | null> = new Set([400, 404, 413, 415, 422, 500]);

const refusesContents = ({ kind, status }: BotOutcome): boolean =>
  kind !== "answered" && REFUSALS.has(status);

/** An account that has run dry is filled up again: that is no fault of the delivery's. */
const unlessUnpaid = (outcome: BotOutcome): BotOutcome =>
  outcome.kind === "rejected" && outcome.status === 402 ? { ...outcome, kind: "retry" } : outcome;

/** Tells users apart for those who look for abuse, and doesn't name them. */
async function pseudonymOf(conversation: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encode(conversation)));
  return digest.slice(0, 16).toHex();
}
