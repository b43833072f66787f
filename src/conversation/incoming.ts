import type { Receipt } from "./receipts.ts";

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
  platform: "messenger" | "instagram";
  /** Whether it goes to the bot, or is only recorded. */
  forward: boolean;
  /** Whether it opens Meta's 24-hour window. */
  opensWindow: boolean;
  /** The event as Meta sent it, as JSON text. */
  raw: string;
  /** On a receipt: what it tells. */
  receipt?: Receipt;
  /** On an echo: what tells whether it is of a message of ours. */
  echo?: { mid: string; metadata: string | undefined };
}
