import type { ConversationId, PageId, UserId } from "../ids.ts";
import type { OwnerRules } from "./owner.ts";
import type { Writer } from "./position.ts";
import type { ThreadMessage } from "./thread.ts";

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
  /** The number of its first event: what was said before has lower ones. */
  first: number;
  conversation: ConversationFacts;
  events: DeliveredEvent[];
}

interface ConversationFacts {
  id: ConversationId;
  page: PageId;
  user: UserId;
  platform: Platform;
  /** ms; when Meta's 24-hour window closes, `null` if the user never opened it. */
  windowClosesAt: number | null;
  owner: string;
  /** JSON text the bot left, `null` if it left none. */
  state: string | null;
  stateVersion: number;
  /** Why the state of the bot's last answer was not taken; `null` if it was. */
  stateRefused: "stale_version" | "too_large" | null;
  /** What Meta tells of the user, as JSON text; `null` if it isn't known. */
  profile: string | null;
  /** Whether Meta should be asked (again). */
  isProfileDue: boolean;
}

interface DeliveredEvent {
  id: string;
  type: string;
  at: number;
  /** JSON text. */
  raw: string;
  /** Only shown to us: another app owns the thread. */
  isStandby: boolean;
  /** Links to its attachments, made for the bot with each attempt (src/media); never stored. */
  media?: MediaLink[];
}

/** An attachment where we serve it. */
export interface MediaLink {
  /** Its place in the event's list. */
  index: number;
  type: string;
  url: string;
}

/** Send this message to the user. */
export interface SendWork {
  kind: "send";
  /** The outbox entry and the message's place in it. */
  entry: number;
  index: number;
  attempt: number;
  /** Tells this conversation's life from an earlier one: numbers begin anew after it was erased. */
  nonce: string;
  page: PageId;
  user: UserId;
  platform: Platform;
  /** A Send API body as JSON text; it has a recipient only if that isn't the conversation's user. `message.metadata` carries our mark. */
  body: string;
  /** A sender action is not worth a second attempt; a thread control call isn't the Send API's at all. */
  form: "message" | "action" | "thread_control";
  /** Sender actions to go before the message, best effort. */
  actions: string[];
  /** Someone waits for Meta's answer. */
  isAwaited: boolean;
  /** What Meta's rules on who may write when depend on (messages/rules.ts). */
  writer: "bot" | "human";
  windowAt: number | null;
  comment: { id: string; at: number; isAnswered: boolean } | null;
  waysPast: string[];
}

export type Platform = "messenger" | "instagram";

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
  /** Try again; `afterMs` if the bot said when, `attempts` if it isn't worth more that fail for the same reason. */
  | { kind: "retry"; status: number | null; reason: string; afterMs?: number; attempts?: number }
  /** Never again: a dead letter. */
  | { kind: "rejected"; status: number; reason: string }
  /** Not now, and not this delivery's fault: the page is waiting for its bot. */
  | { kind: "postponed"; status: number | null; reason: string };

/** What of a page's settings its conversations go by (pages/settings.ts). */
export interface PageRules extends OwnerRules {
  /** How long to wait for more of what a user writes, ms; 0: not at all. */
  gatherMs: number;
  /** How long the bot's state is kept, ms; `null`: as long as the conversation. */
  stateTtlMs: number | null;
  /** Types of events by which the bot hears what became of its messages. */
  callbacks: readonly string[];
}

/** What the bot wants done. */
export interface BotAnswer {
  /** Send API bodies without recipient, in order. */
  messages: OutgoingBody[];
  actions: string[];
  /** JSON text to replace the state with; `undefined` keeps it. */
  state?: string;
  /** The version the new state builds on. */
  stateVersion?: number;
  /** How long the new state is kept, ms; else as the page has it. */
  stateTtlMs?: number;
  handover?: string;
}

export type OutgoingBody = Record<string, unknown>;

/** How a call of the Send API ended (src/graph/errors.ts has the table). */
export type SendOutcome =
  /** With what Meta's answer names: the file it keeps for us, and whom the message reached. */
  | { kind: "sent"; mid: string | null; attachmentId?: string; recipientId?: string }
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
  /** Whose turn the bot was told it was. */
  owner: string;
  rules: PageRules;
  /** How long the bot took, ms. */
  tookMs: number;
  /** The start of its answer. */
  excerpt: string;
  outcome: DeliveryOutcome;
  /** What came of asking Meta about the user, if it was asked: JSON text, or nothing. */
  profile?: { value: string | null; dueInMs: number };
}

export interface SendReport {
  entry: number;
  index: number;
  attempt: number;
  nonce: string;
  outcome: SendOutcome;
  rules: PageRules;
  /** A comment or token that the message has used up, if it was sent. */
  spent?: string;
  /** What Meta answered, for who waits for it. */
  meta?: MetaAnswer;
  /** On a pass of the thread: whose the conversation is, if it was heard. */
  passedTo?: string;
}

/** What Meta answered to a call, without any token. */
export interface MetaAnswer {
  status: number;
  /** The start of it; JSON text, as a rule. */
  body: string;
}

/** Messages to send that answer nothing the bot was asked. */
export interface SendRequest {
  /** What the request is recognised by when it is repeated. */
  id: string;
  writer: Writer;
  bodies: OutgoingBody[];
  /** What of the page's settings counts (pages/settings.ts). */
  humanAgent: boolean;
  rules: PageRules;
  /** Someone waits for Meta's answer: it is tried once, and its sender tries again, or doesn't. */
  isAwaited?: boolean;
}

export interface SendAnswer {
  /** Why nothing was accepted, if so. */
  refusal: { code: string; reason: string } | null;
  /** Its number; 0 for none. */
  entry: number;
  /** The messages as they stand. */
  messages: ThreadMessage[];
  work: Work[];
}

/** How a message that someone waits for has ended. */
export interface Ending {
  /** `unknown`: it has been handed out, and nobody has told what became of it. */
  state: "sent" | "failed" | "unknown";
  mid: string | null;
  /** Why it failed. */
  code: string | null;
  reason: string | null;
  /** `null`: Meta wasn't asked, didn't answer, or its answer isn't remembered. */
  meta: MetaAnswer | null;
}

export interface OwnerRequest {
  id: string;
  writer: Writer;
  /** `bot`, `human` or an app's id. */
  owner: string;
  /** Handed to the app that gets the thread. */
  metadata: string | null;
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
