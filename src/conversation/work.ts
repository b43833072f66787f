import type { ConversationId, PageId, UserId } from "../ids.ts";

/**
 * What a conversation hands out to be done outside, and what comes back. Each piece of work is a lease: it belongs to
 * one attempt until its deadline; a report of another attempt changes nothing. Crosses the RPC border: plain data only.
 */
export type Work = DeliverWork | SendWork | TellWork;

/** Take these events to the bot. */
export interface DeliverWork {
  kind: "deliver";
  /** The `webhook-id`: the same on every attempt for the same events. */
  delivery: string;
  /** From 1. */
  attempt: number;
  conversation: ConversationFacts;
  events: DeliveredEvent[];
}

interface ConversationFacts {
  id: ConversationId;
  page: PageId;
  user: UserId;
  platform: string;
  /** ms; when Meta's 24-hour window closes, `null` if the user never opened it. */
  windowClosesAt: number | null;
  owner: string;
  /** JSON text the bot left, `null` if it left none. */
  state: string | null;
  stateVersion: number;
  /** Why the state of the bot's last answer was not taken; `null` if it was. */
  stateRefused: "stale_version" | "too_large" | null;
}

interface DeliveredEvent {
  id: string;
  type: string;
  at: number;
  /** JSON text. */
  raw: string;
}

/** Send this message to the user. */
export interface SendWork {
  kind: "send";
  /** The outbox entry and the message's place in it. */
  entry: number;
  index: number;
  attempt: number;
  page: PageId;
  user: UserId;
  /** A Send API body without recipient, as JSON text; `message.metadata` carries our mark. */
  body: string;
  /** A sender action: not worth a second attempt. */
  isAction: boolean;
  /** Sender actions to go before the message, best effort. */
  actions: string[];
}

/** Tell the page of dead letters, and of those that were brought back. */
export interface TellWork {
  kind: "tell";
  conversation: ConversationId;
  page: PageId;
  letters: Letter[];
}

export interface Letter {
  /** The outbox entry it is on record as. */
  entry: number;
  delivery: string;
  /** `answered`: it was a dead letter, and a replay brought it back. */
  outcome: "answered" | "dead";
  at: number;
  status: number | null;
  reason: string | null;
}

/** How a delivery to the bot ended. */
export type DeliveryOutcome =
  | { kind: "answered"; status: number; answer: BotAnswer }
  /** Try again; `afterMs` if the bot said when. */
  | { kind: "retry"; status: number | null; reason: string; afterMs?: number }
  /** Never again: a dead letter. */
  | { kind: "rejected"; status: number; reason: string }
  /** Not now, and not this delivery's fault: the page is waiting for its bot. */
  | { kind: "postponed"; status: number | null; reason: string };

/** What the bot wants done. */
export interface BotAnswer {
  /** Send API bodies without recipient, in order. */
  messages: OutgoingBody[];
  actions: string[];
  /** JSON text to replace the state with; `undefined` keeps it. */
  state?: string;
  /** The version the new state builds on. */
  stateVersion?: number;
  handover?: string;
}

export type OutgoingBody = Record<string, unknown>;

/** How a call of the Send API ended (src/graph/errors.ts has the table). */
export type SendOutcome =
  | { kind: "sent"; mid: string | null }
  | { kind: "retry"; code: string; reason: string; afterMs?: number }
  /** It may have arrived: the echo tells. */
  | { kind: "unknown"; reason: string }
  | { kind: "failed"; code: string; reason: string }
  /** Nothing goes out until someone acts; tried again later. */
  | { kind: "hold"; code: HoldCode; reason: string; afterMs?: number };

export type HoldCode = "rate_limited" | "needs_reauth" | "page_blocked" | "app_secret_mismatch" | "no_token";

export interface DeliveryReport {
  delivery: string;
  attempt: number;
  /** How long the bot took, ms. */
  tookMs: number;
  /** The start of its answer. */
  excerpt: string;
  outcome: DeliveryOutcome;
}

export interface SendReport {
  entry: number;
  index: number;
  attempt: number;
  outcome: SendOutcome;
}

/** Which further work the reporter still has time for; the rest is started by the alarm. */
export interface Capacity {
  deliver: boolean;
  send: boolean;
  tell: boolean;
}

/** What was handed out to a page that asked for it. */
export interface Taken {
  work: Work[];
  /** Nothing was, but something is out or waits: ask again. */
  isBusy: boolean;
}

/** What became of events that were brought to be stored. */
export interface Ingested {
  /** Too many wait for the bot already; nothing was stored. */
  isFull: boolean;
  work: Work[];
}
