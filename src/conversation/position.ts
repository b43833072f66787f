import type { IncomingEvent } from "./incoming.ts";
import type { OutgoingBody } from "./work.ts";

/** A delivery that is out at the bot or waits for its next attempt. */
export interface Delivery {
  /** The `webhook-id`, the same on every attempt. */
  id: string;
  /** First and last event, by seq. Fixed when the delivery begins: a bot may remember what an id stood for. */
  first: number;
  through: number;
  /** The current or last attempt, from 1; 0 before the first. */
  attempt: number;
  /** Whether that attempt is out. */
  leased: boolean;
  /** ms; the lease's deadline, or when the next attempt is due. */
  due: number;
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
}

/** The life of one message to the user. */
export type MessageState =
  | { status: "queued" }
  | { status: "sending"; failures: number; lost: number; last?: { code: string; reason: string } }
  | { status: "held"; failures: number; code: string; reason: string }
  | { status: "sent"; mid: string | null; at: number }
  | { status: "failed"; code: string; reason: string; at: number };

/** An outbox entry with messages still to settle. `attempt`, `leased` and `due` are of the first of them. */
export interface OpenEntry {
  seq: number;
  nonce: string;
  progress: MessageState[];
  attempt: number;
  leased: boolean;
  due: number;
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
  /** There is one exactly when an event waits. */
  delivery: Delivery | null;
  /** Oldest first. Only the first is ever leased. */
  open: OpenEntry[];
}

export interface NewEvent {
  seq: number;
  event: IncomingEvent;
  windowAt: number | null;
  /** The first event that waits, as of this one; 0 = none. */
  head: number;
}

export interface NewEntry {
  entry: OpenEntry;
  at: number;
  through: number;
  /** No entry before this one is unsettled. */
  openFrom: number;
  delivery: string;
  outcome: "answered" | "dead";
  attempts: Attempt[];
  actions: string[];
  messages: OutgoingBody[];
}

/** What has to be written down. */
export interface Changes {
  events: NewEvent[];
  entries: NewEntry[];
  /** The delivery as it is now, if it changed. */
  delivery: boolean;
  /** Stored entries that changed. */
  open: Set<OpenEntry>;
}

const isSettled = (state: MessageState): boolean => state.status === "sent" || state.status === "failed";

/** The message an entry is at; -1 when all are settled. */
export const firstUnsettled = (entry: OpenEntry): number =>
  entry.progress.findIndex((state) => !isSettled(state));
