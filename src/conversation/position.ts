import type { IncomingEvent } from "./incoming.ts";
import type { OutgoingBody, Platform } from "./work.ts";

/** Events on their way to the bot together: out at the bot, or waiting for the next attempt. */
export interface Delivery {
  /** The `webhook-id`, the same on every attempt and every replay. */
  id: string;
  /** First and last event, by seq. Fixed when the delivery is handed out first: a bot may remember what an id stood for. */
  first: number;
  through: number;
  /** The current or last attempt, from 1; 0 before the first. */
  attempt: number;
  /** Whether that attempt is out. */
  leased: boolean;
  /** ms; the lease's deadline, or when the next attempt is due. */
  due: number;
  /** When it began to wait for the bot, ms. */
  began: number;
  /** Attempts whose run never reported. */
  lost: number;
  failures: Attempt[];
}

/** How one attempt to deliver ended. */
export interface Attempt {
  at: number;
  /** HTTP status; `null` when there was no answer. */
  status: number | null;
  tookMs: number;
  /** Why it failed; `null` on the one that didn't. */
  reason: string | null;
  /** The start of what the bot answered. */
  answer: string;
}

/** The life of one message to the user. Receipts then make `sent` delivered and read (receipts.ts). */
export type MessageState =
  | { status: "queued" }
  | { status: "sending"; failures: number; lost: number; last?: { code: string; reason: string } }
  | { status: "held"; failures: number; code: string; reason: string }
  | { status: "sent"; mid: string | null; at: number }
  | { status: "failed"; code: string; reason: string; at: number };

/** An outbox entry with messages still to settle. `attempt`, `leased` and `due` are of the first of them. */
export interface OpenEntry {
  seq: number;
  /** When it was accepted, ms. */
  at: number;
  nonce: string;
  progress: MessageState[];
  attempt: number;
  leased: boolean;
  due: number;
  /** Someone waits for Meta's answer: it is tried once. */
  isAwaited: boolean;
}

export interface Position {
  /** The last number given out, of events and outbox entries together. */
  seq: number;
  /** The last event that goes to the bot; those past `through` wait. */
  lastForwarded: number;
  /** The last event that the bot answered or that became a dead letter. */
  through: number;
  /** Last time the user opened Meta's window, ms. */
  windowAt: number | null;
  platform: Platform;
  /** The events that wait longest. There is one exactly when an event waits. */
  delivery: Delivery | null;
  /** Deliveries that someone wants repeated, oldest wish first. */
  replays: Delivery[];
  /** Outbox entries with messages to settle, oldest first. Only the first is ever leased. */
  open: OpenEntry[];
  /** Outbox entries of which the page hasn't been told yet: dead letters, and dead letters brought back. */
  untold: number[];
  /** When to tell the page, ms. */
  tellDue: number;
}

/** Of a conversation to which nothing has happened yet. */
export const freshPosition = (): Position => ({
  seq: 0,
  lastForwarded: 0,
  through: 0,
  windowAt: null,
  platform: "messenger",
  delivery: null,
  replays: [],
  open: [],
  untold: [],
  tellDue: 0,
});

export interface NewEvent {
  seq: number;
  event: IncomingEvent;
  windowAt: number | null;
  /** The first event that waits, as of this one; 0 = none. */
  head: number;
}

/** Who wrote a message: the bot, or a person, by the name of their key. */
export type Writer = "bot" | `human:${string}`;

export interface NewEntry {
  entry: OpenEntry;
  through: number;
  /** No entry before this one has anything left to do. */
  openFrom: number;
  /** The delivery it answers; a request's id and no events for what was sent unasked. */
  origin: { id: string; first: number | null; last: number | null };
  outcome: "answered" | "dead" | "sent";
  writer: Writer;
  /** How the delivery went. */
  attempts: Attempt[];
  actions: string[];
  messages: OutgoingBody[];
  untold: boolean;
}

/** A message that won't go out. */
interface FailedMessage {
  /** The outbox entry and the message's place in it. */
  entry: number;
  index: number;
  state: MessageState & { status: "failed" };
}

/** A message that has gone out. */
interface SentMessage {
  /** The outbox entry and the message's place in it. */
  entry: number;
  index: number;
  state: MessageState & { status: "sent" };
}

/** What has to be written down. */
export interface Changes {
  events: NewEvent[];
  entries: NewEntry[];
  /** Deliveries that changed. */
  deliveries: Set<Delivery>;
  /** Replays that are over. */
  replayed: Delivery[];
  /** Stored entries that changed. */
  open: Set<OpenEntry>;
  /** Entries of which the page has been told. */
  told: number[];
  /** Messages that have failed. */
  failed: FailedMessage[];
  /** Messages that are known now to have gone out. */
  sent: SentMessage[];
}

/** What was handed out in a step. */
export interface Granted {
  delivery: Delivery | null;
  entry: OpenEntry | null;
  tell: number[];
}

const isSettled = (state: MessageState): boolean => state.status === "sent" || state.status === "failed";

/** The message an entry is at; -1 when all are settled. */
export const firstUnsettled = (entry: OpenEntry): number =>
  entry.progress.findIndex((state) => !isSettled(state));

/** No row from this number on may be deleted: it is in use, or waits. */
export function firstInUse({ delivery, replays, open, untold }: Position): number {
  const waiting = delivery ? [delivery, ...replays] : replays;
  return Math.min(...waiting.map((one) => one.first), ...open.map((one) => one.seq), ...untold);
}
