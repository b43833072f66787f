import type { StoredEvent } from "./event-log.ts";
import type { Facts } from "./facts.ts";
import type { Attempt, MessageState } from "./position.ts";
import { shownStatus } from "./receipts.ts";
import type { OutgoingBody } from "./work.ts";

/** What people see of a delivery. Crosses the RPC border: plain data only. */
export interface DeliveryView {
  id: string;
  outcome: "answered" | "dead";
  /** ms; when it was over. */
  at: number;
  attempts: Attempt[];
  events: StoredEvent[];
  messages: MessageView[];
}

export interface MessageView {
  /** The Send API body, as JSON text. */
  body: string;
  status: string;
  mid: string | null;
  /** ms; when it was sent or failed. */
  at: number | null;
  code: string | null;
  reason: string | null;
}

export function messageView(body: OutgoingBody, state: MessageState, facts: Facts): MessageView {
  const trouble = state.status === "sending" ? state.last : undefined;
  return {
    body: JSON.stringify(body),
    status: shownStatus(state, facts),
    mid: "mid" in state ? state.mid : null,
    at: "at" in state ? state.at : null,
    code: "code" in state ? state.code : (trouble?.code ?? null),
    reason: "reason" in state ? state.reason : (trouble?.reason ?? null),
  };
}
