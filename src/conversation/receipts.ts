import type { Facts } from "./facts.ts";
import type { MessageState } from "./position.ts";

/** What Meta says has become of our messages: all that were sent until a time, or certain ones by their mid. */
export interface Receipt {
  kind: "delivered" | "read";
  /** ms */
  watermark: number | undefined;
  mids: string[];
}

/**
 * The facts after a receipt; the same object when it tells nothing new. A watermark, not a mark per message: a receipt
 * costs one row, however many messages it covers. Pure.
 * @param sentAt when a message of ours was sent, by its mid; ms
 */
export function applyReceipt(
  facts: Facts,
  receipt: Receipt,
  sentAt: (mid: string) => number | undefined,
): Facts {
  const { kind, watermark, mids } = receipt;
  // The watermark is of all that was sent until then: what is named beside it is among that.
  const times = watermark === undefined ? mids.map(sentAt).filter((time) => time !== undefined) : [];
  const until = Math.max(watermark ?? 0, ...times);
  if (kind === "read") return until > facts.readAt ? { ...facts, readAt: until } : facts;
  return until > facts.deliveredAt ? { ...facts, deliveredAt: until } : facts;
}

/** A message's state as people see it: what is read has been delivered, what is delivered has been sent. */
export function shownStatus(
  state: MessageState,
  facts: Pick<Facts, "deliveredAt" | "readAt">,
): MessageState["status"] | "delivered" | "read" {
  if (state.status !== "sent") return state.status;
  if (state.at <= facts.readAt) return "read";
  return state.at <= facts.deliveredAt ? "delivered" : "sent";
}
