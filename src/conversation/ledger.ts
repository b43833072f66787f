import { bytesOf } from "../utf8.ts";
import { botBackoff, MAX_ASKED_MS, sendBackoff } from "./backoff.ts";
import { howManyFit } from "./fitting.ts";
import type { IncomingEvent } from "./incoming.ts";
import { ECHO_GRACE_MS, GIVE_UP_MS, HOLD_LIMIT_MS, MAX_LOST_LEASES, postponeMs } from "./limits.ts";
import type { Mark } from "./mark.ts";
import {
  type Attempt,
  type Changes,
  type Delivery,
  firstUnsettled,
  type Granted,
  type MessageState,
  type OpenEntry,
  type Position,
} from "./position.ts";
import type { BotAnswer, Capacity, DeliveryReport, OutgoingBody, SendOutcome, SendReport } from "./work.ts";

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

/** A delivery that is over, as it is on record. */
export interface Past {
  id: string;
  first: number;
  last: number;
  attempts: number;
}

const noChanges = (): Changes => ({
  events: [],
  entries: [],
  deliveries: new Set(),
  replayed: [],
  open: new Set(),
  told: [],
  failed: [],
});

/**
 * Where a conversation stands and every decision about it: what is in flight, what waits, what comes next. Pure: no
 * storage, no clock, no chance of its own. The object (conversation.ts) writes down {@link Changes} after each step, so
 * that memory and rows always tell the same.
 */
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

  /** The delivery a report is about, if its attempt is the one that is out; late reports of lost attempts have none. */
  expected(report: DeliveryReport): Delivery | undefined {
    const { delivery, replays } = this.position;
    const reported = [...(delivery ? [delivery] : []), ...replays].find((one) => one.id === report.delivery);
    return reported?.leased && reported.attempt === report.attempt ? reported : undefined;
  }

  /** The bot answered: its messages join the outbox, the next events begin their delivery. */
  answered(delivery: Delivery, answer: BotAnswer, attempt: Attempt, now: number): void {
    this.#close(delivery, "answered", attempt, answer.messages, answer.actions, now);
  }

  /** The bot failed: again later, or a dead letter when that is pointless. */
  deliveryFailed(
    delivery: Delivery,
    failure: Attempt,
    again: { afterMs: number | undefined } | null,
    now: number,
  ): void {
    const count = delivery.failures.length + 1;
    const wait = again ? botBackoff(count, again.afterMs, this.#chance.random()) : undefined;
    if (wait === undefined) {
      this.#close(delivery, "dead", failure, [], [], now);
      return;
    }
    delivery.failures.push(failure);
    this.#putBack(delivery, now + wait);
  }

  /** The bot wasn't asked, since it is known to fail: that counts against nobody, but not for ever. */
  deliveryPostponed(delivery: Delivery, attempt: Attempt, now: number): void {
    const waited = now - delivery.began;
    if (waited > GIVE_UP_MS) this.#close(delivery, "dead", attempt, [], [], now);
    else this.#putBack(delivery, now + postponeMs(waited, this.#chance.random()));
  }

  /** Repeats a delivery that is over, under its id, after what is out now. @returns whether it wasn't waiting already */
  replay({ id, first, last, attempts }: Past, now: number): boolean {
    const { delivery, replays } = this.position;
    if (delivery?.id === id || replays.some((one) => one.id === id)) return false;
    // Attempts are counted on: a late report of an early one must not pass for one of these.
    const again = { ...freshDelivery(id, first, last, now), attempt: attempts };
    replays.push(again);
    this.#changes.deliveries.add(again);
    return true;
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

  /** A send ended. Call only when {@link expectsSend}. */
  sendEnded(outcome: SendOutcome, now: number): void {
    const entry = this.position.open[0];
    if (entry) this.#applySend(entry, firstUnsettled(entry), outcome, now);
  }

  #applySend(entry: OpenEntry, index: number, outcome: SendOutcome, now: number): void {
    const state = entry.progress[index];
    if (outcome.kind === "sent") {
      // As of when it was handed out: receipts name times of Meta's, which are never earlier.
      this.#settle(entry, index, { status: "sent", mid: outcome.mid, at: entry.due - this.#leaseMs });
      return;
    }
    const failed = { status: "failed" as const, code: codeOf(outcome), reason: outcome.reason, at: now };
    const failures = failuresOf(state);
    if (outcome.kind === "hold") {
      const waited = now - entry.at;
      const asked = Math.min(outcome.afterMs ?? 0, MAX_ASKED_MS);
      const due = now + Math.max(asked, postponeMs(waited, this.#chance.random()));
      const { code, reason } = outcome;
      if (waited > HOLD_LIMIT_MS) this.#settle(entry, index, failed);
      else this.#wait(entry, index, { status: "held", failures, code, reason }, due);
      return;
    }
    const asked = outcome.kind === "retry" ? outcome.afterMs : undefined;
    const wait =
      outcome.kind === "failed" ? undefined : sendBackoff(failures + 1, asked, this.#chance.random());
    if (wait === undefined) {
      this.#settle(entry, index, failed);
      return;
    }
    const due = now + (outcome.kind === "unknown" ? Math.max(wait, ECHO_GRACE_MS) : wait);
    const lost = state?.status === "sending" ? state.lost : 0;
    const last = { code: failed.code, reason: failed.reason };
    this.#wait(entry, index, { status: "sending", failures: failures + 1, lost, last }, due);
  }

  /** An echo shows that a message of ours went out, whatever became of the call that sent it. */
  echoed(mark: Mark, mid: string, now: number): void {
    const entry = this.position.open.find((one) => one.seq === mark.entry && one.nonce === mark.nonce);
    const state = entry?.progress[mark.index];
    if (!entry || !state || state.status === "sent" || state.status === "failed") return;
    const at = entry.leased && firstUnsettled(entry) === mark.index ? entry.due - this.#leaseMs : now;
    this.#settle(entry, mark.index, { status: "sent", mid, at });
  }

  /** The page has been told of these entries. */
  told(entries: readonly number[]): void {
    const { position } = this;
    this.#changes.told.push(...entries.filter((seq) => position.untold.includes(seq)));
    position.untold = position.untold.filter((seq) => !entries.includes(seq));
  }

  /** Makes what waits in a direction due at once, whatever it waits for. */
  hurry(direction: "deliver" | "send", now: number): void {
    const { delivery, replays, open } = this.position;
    const [entry] = open;
    if (direction === "send") {
      // One whose outcome is unknown waits for its echo, not for the page.
      const isWaiting = entry?.progress[firstUnsettled(entry)]?.status !== "sending";
      if (entry && !entry.leased && isWaiting) entry.due = Math.min(entry.due, now);
      return;
    }
    for (const one of [delivery, ...replays]) if (one && !one.leased) one.due = Math.min(one.due, now);
  }

  /** Hands out what is due, for one attempt each. */
  grant(now: number, capacity: Capacity): Granted {
    const delivery = capacity.deliver ? this.#grantDelivery(now) : null;
    const entry = capacity.send ? this.#grantSend(now) : null;
    return { delivery, entry, tell: capacity.tell ? this.#grantTelling(now) : [] };
  }

  #grantDelivery(now: number): Delivery | null {
    const { delivery, replays } = this.position;
    const all = [...(delivery ? [delivery] : []), ...replays];
    if (all.some((one) => one.leased && one.due > now)) return null;
    const next = all.find((one) => one.leased) ?? all.find((one) => one.due <= now);
    if (!next) return null;
    if (next.leased) next.lost++;
    if (next.lost >= MAX_LOST_LEASES) {
      const failure = { at: now, status: null, tookMs: 0, reason: "run_lost_repeatedly", answer: "" };
      this.#close(next, "dead", failure, [], [], now);
      return this.#grantDelivery(now);
    }
    next.attempt++;
    next.leased = true;
    next.due = now + this.#leaseMs;
    this.#changes.deliveries.add(next);
    return next;
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
    // A message that is held stays so until a send succeeds or fails: its holding time goes on.
    entry.progress[index] =
      state?.status === "held" ? state : { status: "sending", failures: failuresOf(state), lost };
    entry.attempt++;
    entry.leased = true;
    entry.due = now + this.#leaseMs;
    this.#changes.open.add(entry);
    return entry;
  }

  #grantTelling(now: number): number[] {
    const { position } = this;
    if (position.untold.length === 0 || position.tellDue > now) return [];
    position.tellDue = now + this.#leaseMs;
    return [...position.untold];
  }

  /** When something has to happen next, ms; `null` when the conversation is at rest. */
  nextDue(): number | null {
    const { delivery, replays, open, untold, tellDue } = this.position;
    const bot = [...(delivery ? [delivery] : []), ...replays];
    const out = bot.filter((one) => one.leased);
    const dues = (out.length > 0 ? out : bot).map((one) => one.due);
    if (open[0]) dues.push(open[0].due);
    if (untold.length > 0) dues.push(tellDue);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  #begin(first: number, through: number, now: number): void {
    const id = `msg_${this.#chance.uuid().replaceAll("-", "")}`;
    this.position.delivery = freshDelivery(id, first, through, now);
    this.#changes.deliveries.add(this.position.delivery);
  }

  #putBack(delivery: Delivery, due: number): void {
    delivery.leased = false;
    delivery.due = due;
    this.#changes.deliveries.add(delivery);
  }

  #close(
    delivery: Delivery,
    outcome: "answered" | "dead",
    last: Attempt,
    messages: OutgoingBody[],
    actions: string[],
    now: number,
  ): void {
    const { position } = this;
    const isReplay = delivery !== position.delivery;
    if (isReplay) {
      position.replays = position.replays.filter((one) => one !== delivery);
      this.#changes.replayed.push(delivery);
    } else {
      position.through = delivery.through;
      position.delivery = null;
    }
    this.#changes.deliveries.delete(delivery);

    const seq = ++position.seq;
    const progress = messages.map((): MessageState => ({ status: "queued" }));
    const nonce = this.#chance.uuid().slice(0, 8);
    const entry: OpenEntry = { seq, at: now, nonce, progress, attempt: 0, leased: false, due: now };
    if (messages.length > 0) position.open.push(entry);
    const untold = outcome === "dead" || isReplay;
    if (untold) {
      position.untold.push(seq);
      position.tellDue = now;
    }
    this.#changes.entries.push({
      entry,
      through: position.through,
      openFrom: Math.min(position.open[0]?.seq ?? seq, position.untold[0] ?? seq),
      delivery,
      outcome,
      attempts: [...delivery.failures, last],
      actions,
      messages,
      untold,
    });
    if (isReplay) return;
    const first = position.lastForwarded > position.through ? this.#stored.firstAfter(position.through) : 0;
    if (first > 0) this.#begin(first, this.#stored.lastThatFits(first), now);
  }

  #settle(entry: OpenEntry, index: number, state: MessageState): void {
    const wasNext = firstUnsettled(entry) === index;
    entry.progress[index] = state;
    this.#changes.open.add(entry);
    if (state.status === "failed") this.#changes.failed.push(state);
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

const freshDelivery = (id: string, first: number, through: number, now: number): Delivery => ({
  id,
  first,
  through,
  attempt: 0,
  leased: false,
  due: now,
  began: now,
  lost: 0,
  failures: [],
});

const codeOf = (outcome: Exclude<SendOutcome, { kind: "sent" }>): string =>
  outcome.kind === "unknown" ? "outcome_unknown" : outcome.code;

const failuresOf = (state: MessageState | undefined): number =>
  state?.status === "sending" || state?.status === "held" ? state.failures : 0;
