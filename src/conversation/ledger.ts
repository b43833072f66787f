import { botBackoff, sendBackoff } from "./backoff.ts";
import type { IncomingEvent } from "./incoming.ts";
import {
  DELIVERY_MAX_BYTES,
  DELIVERY_MAX_EVENTS,
  ECHO_GRACE_MS,
  HOLD_RETRY_MS,
  MAX_LOST_LEASES,
} from "./limits.ts";
import type { Mark } from "./mark.ts";
import {
  type Attempt,
  type Changes,
  type Delivery,
  firstUnsettled,
  type MessageState,
  type OpenEntry,
  type Position,
} from "./position.ts";
import type { BotAnswer, Capacity, DeliveryReport, OutgoingBody, SendOutcome, SendReport } from "./work.ts";

/**
 * Where a conversation stands and every decision about it: what is in flight, what waits, what comes next. Pure: no
 * storage, no clock, no chance of its own. The object (conversation.ts) writes down {@link Changes} after each step, so
 * that memory and the newest rows always tell the same.
 */

/** What was handed out in this step. */
export interface Granted {
  delivery: Delivery | null;
  entry: OpenEntry | null;
}

/** What the ledger asks of the stored events. */
export interface StoredEvents {
  /** The first event after `seq` that goes to the bot; 0 if none. */
  firstAfter(seq: number): number;
  /** The last event of a delivery that begins with `first`. */
  lastThatFits(first: number): number;
}

export interface Chance {
  random(): number;
  uuid(): string;
}

const noChanges = (): Changes => ({ events: [], entries: [], delivery: false, open: new Set() });

export class Ledger {
  readonly position: Position;
  readonly #stored: StoredEvents;
  readonly #chance: Chance;
  readonly #leaseMs: number;
  #changes = noChanges();

  constructor(position: Position, stored: StoredEvents, chance: Chance, leaseMs: number) {
    this.position = position;
    this.#stored = stored;
    this.#chance = chance;
    this.#leaseMs = leaseMs;
  }

  /** Takes what has changed since the last call, to be written down. */
  takeChanges(): Changes {
    const changes = this.#changes;
    this.#changes = noChanges();
    return changes;
  }

  /** Accepts events that are not stored yet, in order. When nothing waits for the bot, they are the next delivery. */
  accept(events: readonly IncomingEvent[], now: number): void {
    const { position } = this;
    const forwarded: { seq: number; raw: string }[] = [];
    const head = position.delivery?.first;
    for (const event of events) {
      position.seq++;
      if (event.forward) {
        position.lastForwarded = position.seq;
        forwarded.push({ seq: position.seq, raw: event.raw });
      }
      if (event.opensWindow) position.windowAt = Math.max(position.windowAt ?? 0, Math.min(event.at, now));
      this.#changes.events.push({
        seq: position.seq,
        event,
        windowAt: position.windowAt,
        head: head ?? forwarded[0]?.seq ?? 0,
      });
    }
    const first = forwarded[0];
    if (position.delivery || !first) return;
    const last = forwarded[howManyFit(forwarded.map((one) => bytesOf(one.raw))) - 1] ?? first;
    this.#begin(first.seq, last.seq, now);
  }

  /** Whether the report is of the attempt that is out; late reports of lost attempts are not. */
  expectsDelivery(report: DeliveryReport): boolean {
    const { delivery } = this.position;
    return (
      delivery?.leased === true && delivery.id === report.delivery && delivery.attempt === report.attempt
    );
  }

  /** The bot answered: its messages join the outbox, the next events begin their delivery. */
  answered(answer: BotAnswer, attempt: Attempt, now: number): void {
    this.#close("answered", attempt, answer.messages, answer.actions, now);
  }

  /** The bot failed: again later, or a dead letter when that is pointless. */
  deliveryFailed(failure: Attempt, again: { afterMs: number | undefined } | null, now: number): void {
    const { delivery } = this.position;
    if (!delivery) return;
    const count = delivery.failures.length + 1;
    const wait = again ? botBackoff(count, again.afterMs, this.#chance.random()) : undefined;
    if (wait === undefined) {
      this.#close("dead", failure, [], [], now);
      return;
    }
    delivery.failures.push(failure);
    delivery.leased = false;
    delivery.due = now + wait;
    this.#changes.delivery = true;
  }

  expectsSend(report: SendReport): boolean {
    const entry = this.position.open[0];
    return (
      entry?.leased === true &&
      entry.seq === report.entry &&
      entry.attempt === report.attempt &&
      firstUnsettled(entry) === report.index
    );
  }

  /** A send ended. Call only when {@link expectsSend}. @returns what became of the message */
  sendEnded(outcome: SendOutcome, now: number): MessageState | undefined {
    const entry = this.position.open[0];
    if (!entry) return undefined;
    const index = firstUnsettled(entry);
    this.#applySend(entry, index, outcome, now);
    return entry.progress[index];
  }

  #applySend(entry: OpenEntry, index: number, outcome: SendOutcome, now: number): void {
    const state = entry.progress[index];
    const failures = failuresOf(state) + 1;
    if (outcome.kind === "sent") {
      this.#settle(entry, index, { status: "sent", mid: outcome.mid, at: now });
    } else if (outcome.kind === "failed") {
      this.#settle(entry, index, { status: "failed", code: outcome.code, reason: outcome.reason, at: now });
    } else if (outcome.kind === "hold") {
      const { code, reason } = outcome;
      this.#wait(entry, index, { status: "held", failures: failures - 1, code, reason }, now + HOLD_RETRY_MS);
    } else {
      const isUnknown = outcome.kind === "unknown";
      const last = { code: isUnknown ? "outcome_unknown" : outcome.code, reason: outcome.reason };
      const wait = sendBackoff(failures, isUnknown ? undefined : outcome.afterMs, this.#chance.random());
      if (wait === undefined) {
        this.#settle(entry, index, { status: "failed", ...last, at: now });
        return;
      }
      const due = now + (isUnknown ? Math.max(wait, ECHO_GRACE_MS) : wait);
      const lost = state?.status === "sending" ? state.lost : 0;
      this.#wait(entry, index, { status: "sending", failures, lost, last }, due);
    }
  }

  /** An echo shows that a message of ours went out, whatever became of the call that sent it. */
  echoed(mark: Mark, mid: string, now: number): void {
    const entry = this.position.open.find((one) => one.seq === mark.entry && one.nonce === mark.nonce);
    const state = entry?.progress[mark.index];
    if (!entry || !state || state.status === "sent" || state.status === "failed") return;
    this.#settle(entry, mark.index, { status: "sent", mid, at: now });
  }

  /** Hands out what is due, for one attempt each. */
  grant(now: number, capacity: Capacity): Granted {
    return {
      delivery: capacity.deliver ? this.#grantDelivery(now) : null,
      entry: capacity.send ? this.#grantSend(now) : null,
    };
  }

  #grantDelivery(now: number): Delivery | null {
    const { delivery } = this.position;
    if (!delivery || delivery.due > now) return null;
    if (delivery.attempt - delivery.failures.length >= MAX_LOST_LEASES) {
      this.deliveryFailed({ at: now, status: null, tookMs: 0, reason: "run_lost_repeatedly" }, null, now);
      return this.#grantDelivery(now);
    }
    delivery.attempt++;
    delivery.leased = true;
    delivery.due = now + this.#leaseMs;
    this.#changes.delivery = true;
    return delivery;
  }

  #grantSend(now: number): OpenEntry | null {
    const entry = this.position.open[0];
    if (!entry || entry.due > now) return null;
    const index = firstUnsettled(entry);
    const state = entry.progress[index];
    const lost = (state?.status === "sending" ? state.lost : 0) + (entry.leased ? 1 : 0);
    if (lost >= MAX_LOST_LEASES) {
      const reason = "every run that took it was lost";
      this.#settle(entry, index, { status: "failed", code: "run_lost_repeatedly", reason, at: now });
      return this.#grantSend(now);
    }
    entry.progress[index] = { status: "sending", failures: failuresOf(state), lost };
    entry.attempt++;
    entry.leased = true;
    entry.due = now + this.#leaseMs;
    this.#changes.open.add(entry);
    return entry;
  }

  /** When something has to happen next, ms; `null` when the conversation is at rest. */
  nextDue(): number | null {
    const dues = [this.position.delivery?.due, this.position.open[0]?.due].filter((due) => due !== undefined);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  #begin(first: number, through: number, now: number): void {
    const id = `msg_${this.#chance.uuid().replaceAll("-", "")}`;
    this.position.delivery = { id, first, through, attempt: 0, leased: false, due: now, failures: [] };
    this.#changes.delivery = true;
  }

  #close(
    outcome: "answered" | "dead",
    last: Attempt,
    messages: OutgoingBody[],
    actions: string[],
    now: number,
  ): void {
    const { position } = this;
    const { delivery } = position;
    if (!delivery) return;
    position.through = delivery.through;
    position.delivery = null;
    const seq = ++position.seq;
    const entry: OpenEntry = {
      seq,
      nonce: this.#chance.uuid().slice(0, 8),
      progress: messages.map(() => ({ status: "queued" })),
      attempt: 0,
      leased: false,
      due: now,
    };
    if (messages.length > 0) position.open.push(entry);
    this.#changes.entries.push({
      entry,
      at: now,
      through: delivery.through,
      openFrom: position.open[0]?.seq ?? seq,
      delivery: delivery.id,
      outcome,
      attempts: [...delivery.failures, last],
      actions,
      messages,
    });
    const first = position.lastForwarded > position.through ? this.#stored.firstAfter(position.through) : 0;
    if (first > 0) this.#begin(first, this.#stored.lastThatFits(first), now);
  }

  #settle(entry: OpenEntry, index: number, state: MessageState): void {
    const wasNext = firstUnsettled(entry) === index;
    entry.progress[index] = state;
    this.#changes.open.add(entry);
    if (!wasNext) return;
    Object.assign(entry, { attempt: 0, leased: false, due: 0 });
    this.position.open = this.position.open.filter((one) => firstUnsettled(one) !== -1);
  }

  #wait(entry: OpenEntry, index: number, state: MessageState, due: number): void {
    entry.progress[index] = state;
    entry.leased = false;
    entry.due = due;
    this.#changes.open.add(entry);
  }
}

const failuresOf = (state: MessageState | undefined): number =>
  state?.status === "sending" || state?.status === "held" ? state.failures : 0;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** How many of these events (sizes in bytes) go into one delivery: at least one, whatever its size. */
export function howManyFit(sizes: readonly number[]): number {
  let bytes = 0;
  let count = 0;
  for (const size of sizes) {
    bytes += size;
    if (count > 0 && (count === DELIVERY_MAX_EVENTS || bytes > DELIVERY_MAX_BYTES)) break;
    count++;
  }
  return count;
}
