import type { About } from "./about.ts";
import type { StoredEvent } from "./event-log.ts";
import type { Facts } from "./facts.ts";
import { asOf } from "./owner.ts";
import type { Attempt, MessageState, Position } from "./position.ts";
import { shownStatus } from "./receipts.ts";
import { withoutStale } from "./state.ts";
import type { OutgoingBody, Platform } from "./work.ts";

/** What people see of a conversation. Crosses the RPC border: plain data only. */
export interface ConversationView {
  /** Whether anything has happened in it. */
  exists: boolean;
  platform: Platform;
  owner: string;
  ownerSince: number;
  /** ms; `null`: the user never opened it as far as is known. */
  windowAt: number | null;
  /** JSON text. */
  profile: string | null;
  stateVersion: number;
  about: About;
  deliveredAt: number;
  readAt: number;
  /** Messages accepted and not settled yet. */
  isSending: boolean;
  /** Events wait for the bot. */
  isWaiting: boolean;
}

export function conversationView(
  { seq, platform, windowAt, open, delivery }: Position,
  facts: Facts,
  handBackMs: number | null,
  now: number,
): ConversationView {
  const { profile, about, deliveredAt, readAt } = facts;
  const { stateVersion } = withoutStale(facts, now);
  const { owner, ownerSince } = asOf(facts, handBackMs, now);
  return {
    exists: seq > 0,
    platform,
    owner,
    ownerSince,
    windowAt,
    profile,
    stateVersion,
    about,
    deliveredAt,
    readAt,
    isSending: open.length > 0,
    isWaiting: delivery !== null,
  };
}

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
