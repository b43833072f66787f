import type { DeliverWork, DeliveryOutcome } from "../conversation/work.ts";

export const BOT_PROTOCOLS = ["native", "messenger", "rasa", "botpress", "tock", "openai"] as const;
/** What a bot speaks: one file each in this folder. */
export type BotProtocol = (typeof BOT_PROTOCOLS)[number];

/** How a bot is reached, whatever it speaks. */
export interface BotSettings {
  protocol: BotProtocol;
  url: string;
  /** For all requests of a delivery together, answers included. */
  timeoutMs: number;
  signingKeys: readonly Uint8Array<ArrayBuffer>[];
  /** Goes along as `Authorization: Bearer`. */
  token: string | undefined;
  /** Which language model answers, and what it is told first. */
  model: string | undefined;
  prompt: string | undefined;
  /** Of how many turns of the conversation a language model is reminded; 0: of none. */
  turns: number;
  /** What Meta's own form is signed under. */
  appSecret: string;
  /** Whether a text that is too long for Meta goes out as several messages. */
  splitText: boolean;
}

/** How a call of the bot can end. `gone`: it wants nothing more from this page. */
export type BotOutcome =
  | Exclude<DeliveryOutcome, { kind: "postponed" }>
  | { kind: "gone"; status: number; reason: string };

/** An outcome, and the text of the answer for the record. */
export interface Delivered {
  outcome: BotOutcome;
  excerpt: string;
  /** `false`: nothing in it was for this bot, so it wasn't asked. */
  isAsked?: boolean;
  /** The protocol has no replies in its answers: whatever the bot says comes by other means. */
  repliesLater?: boolean;
}

/** What was said in a conversation before the delivery's own events. */
export interface Talk {
  /** The last turns, the oldest first. Costs a request to the conversation's object. */
  turns(limit: number): Promise<Turn[]>;
}

export interface Turn {
  from: "user" | "page";
  text: string;
  /** Where they are to be had. */
  images: string[];
}

/** A bot as the dispatcher sees it. */
export interface Bot {
  /**
   * Takes events to the bot and brings its answer back.
   * Never throws for what the bot does: every way it can fail is an outcome.
   */
  deliver(work: DeliverWork, talk: Talk): Promise<Delivered>;
}
