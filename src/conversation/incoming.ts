import type { Effect } from "./effect.ts";
import type { Receipt } from "./receipts.ts";
import type { Platform } from "./work.ts";

/** An event on its way into a conversation. Crosses the RPC border: plain data only. */
export interface IncomingEvent {
  /** Unique within the conversation; the same event redelivered has the same key. */
  key: string;
  /** The id the bot sees: Meta's mid where there is one. */
  id: string;
  /** One of `EventType` (src/webhook/events.ts); a plain string here, since an older object may meet a newer Worker. */
  type: string;
  /** Meta's timestamp, ms. */
  at: number;
  platform: Platform;
  /** Whether it goes to the bot when it is the bot's turn, or is only recorded. */
  forward: boolean;
  /** Whether it opens Meta's 24-hour window. */
  opensWindow: boolean;
  /** The event as Meta sent it, as JSON text. */
  raw: string;
  /** Where the page gathers: more is likely to follow, or an answer is expected at once. Neither: it goes along. */
  pace?: "gather" | "now";
  /** What the user did was shown to us as the thread's owner, or as one of the others. */
  shownIn?: "messaging" | "standby";
  /** On a receipt: what it tells. */
  receipt?: Receipt;
  /** On an echo: what tells whether it is of a message of ours. */
  echo?: { mid: string; metadata: string | undefined };
  /** What it means for the conversation. */
  effects?: Effect[];
}

const STANDBY = "standby:";

/** The key of an event that was only shown to us, since another app owns the thread. */
export const standbyKey = (key: string): string => `${STANDBY}${key}`;
export const isStandby = (key: string): boolean => key.startsWith(STANDBY);
