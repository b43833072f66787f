import type { DeliverWork, OutgoingBody } from "../conversation/work.ts";
import { bytesOf } from "../utf8.ts";
import { NOT_ASKED, type ReadAnswer, type Unreadable } from "./answer.ts";
import { type Ask, asksIn } from "./asks.ts";
import type { Bot, BotOutcome, BotSettings } from "./bot.ts";
import { authorizationOf, callBot, MAX_ANSWER_BYTES } from "./call.ts";
import type { PlacedReply } from "./replies.ts";
import { answerSaying } from "./saying.ts";

/** What differs between bots that are told one thing at a time and answer each. */
export interface TurnProtocol {
  name: string;
  requestOf(ask: Ask, conversation: DeliverWork["conversation"]): { url: string; body: unknown };
  /** What the body of a `2xx` says. */
  read(text: string): { kind: "replies"; replies: PlacedReply[] } | Unreadable;
}

/**
 * A bot that is asked about each thing a user did by a request of its own, one after another, and whose replies are put
 * together. If one request fails, so does the delivery, and all are made again, under the same ids. While it isn't the
 * bot's turn it isn't asked: nothing it said would be sent, and it would go on as if it had been.
 */
export function turnsBot(settings: BotSettings, protocol: TurnProtocol): Bot {
  const headers = authorizationOf(settings);
  return {
    async deliver({ delivery, conversation, events }) {
      const signal = AbortSignal.timeout(settings.timeoutMs);
      const excerpts: string[] = [];
      const bodies: OutgoingBody[] = [];
      let bytes = 0;
      let status = 200;
      const asks = conversation.owner === "bot" ? asksIn(events) : [];
      if (asks.length === 0) return NOT_ASKED;
      for (const ask of asks) {
        const { url, body } = protocol.requestOf(ask, conversation);
        const call = {
          url,
          // One for each: a bot that takes an id for a repetition would hear the first alone.
          id: `${delivery}_${ask.place}`,
          delivery,
          body: JSON.stringify(body),
          headers: { ...headers, "messengate-event-id": headerOf(ask.id) },
          signal,
          maxBytes: MAX_ANSWER_BYTES - bytes,
        };
        const { outcome, excerpt } = await callBot(call, settings, (text) => answerIn(text, conversation));
        if (outcome.kind !== "answered") return { outcome, excerpt };
        bytes += bytesOf(excerpt);
        excerpts.push(excerpt);
        bodies.push(...outcome.answer.messages);
        status = outcome.status;
      }
      const outcome: BotOutcome = { kind: "answered", status, answer: paced(bodies) };
      return { outcome, excerpt: excerpts.join("\n") };
    },
  };

  function answerIn(text: string, conversation: DeliverWork["conversation"]): ReadAnswer {
    const read = text.trim() === "" ? { kind: "replies" as const, replies: [] } : protocol.read(text);
    if (read.kind !== "replies") return read;
    return answerSaying(read.replies, conversation, { protocol: protocol.name, split: settings.splitText });
  }
}

/** Dots before the first message are an action, which costs no turn of its own; after the last they announce nothing. */
function paced(bodies: OutgoingBody[]): { messages: OutgoingBody[]; actions: string[] } {
  const isDots = (body: OutgoingBody) => body["sender_action"] === "typing_on";
  const first = bodies.findIndex((body) => !isDots(body));
  if (first === -1) return { messages: [], actions: [] };
  const last = bodies.findLastIndex((body) => !isDots(body));
  return { messages: bodies.slice(first, last + 1), actions: first > 0 ? ["typing_on"] : [] };
}

/** Ids are ASCII; one that isn't would make the request impossible. */
const headerOf = (id: string): string => (/^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id));

/** A path under the bot's address, whose own path and query stay. */
export function addressUnder(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  return url.href;
}

/** What goes along with a request, for protocols that have room for it. */
export function metadataOf(ask: Ask, conversation: DeliverWork["conversation"]): Record<string, unknown> {
  const { id, page, user, platform, windowClosesAt, profile } = conversation;
  return {
    conversation: {
      id,
      page_id: page,
      user_id: user,
      platform,
      window: { closes_at: windowClosesAt === null ? null : new Date(windowClosesAt).toISOString() },
      profile: profile === null ? null : JSON.parse(profile),
    },
    event: { id: ask.id, type: ask.type, timestamp: ask.at },
    text: ask.text,
    ...(ask.attachments.length === 0 ? {} : { attachments: ask.attachments }),
    ...(ask.referral === undefined ? {} : { referral: ask.referral }),
  };
}
