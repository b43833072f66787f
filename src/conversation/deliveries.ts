import { bytesOf } from "../utf8.ts";
import { botBackoff } from "./backoff.ts";
import { howManyFit } from "./fitting.ts";
import { GATHER_REACH, GIVE_UP_MS, MAX_LOST_LEASES, postponeMs } from "./limits.ts";
import type { Attempt, Delivery } from "./position.ts";
import type { Refusal, Sends } from "./sends.ts";
import type { Chance, Sheet } from "./sheet.ts";
import type { BotAnswer, DeliveryReport } from "./work.ts";

export interface EventSize {
  seq: number;
  bytes: number;
}

/** What is asked of the stored events. */
export interface StoredEvents {
  /** The first event after `seq` that goes to the bot; 0 if none. */
  firstAfter(seq: number): number;
  /** The last event of a delivery that begins with `first`. */
  lastThatFits(first: number): number;
  /** The sizes of the events that go to the bot from `first` on, in bytes: as many as a delivery may have. */
  sizesFrom(first: number): EventSize[];
}

/** A delivery that is over, as it is on record. */
export interface Past {
  id: string;
  first: number;
  last: number;
  attempts: number;
}

/** The way to the bot: one delivery at a time, repeated until the bot has answered or it is pointless. Pure. */
export class Deliveries {
  readonly #sheet: Sheet;
  readonly #stored: StoredEvents;
  readonly #sends: Sends;
  readonly #chance: Chance;
  readonly #leaseMs: number;
  /** Whoever writes may go on: until then their next delivery waits, ms. `null`: forgotten with the object's memory. */
  #quietAt: number | null = null;

  constructor(sheet: Sheet, stored: StoredEvents, sends: Sends, chance: Chance, leaseMs: number) {
    this.#sheet = sheet;
    this.#stored = stored;
    this.#sends = sends;
    this.#chance = chance;
    this.#leaseMs = leaseMs;
  }

  /** These events are the next delivery; call only when none waits. */
  begin(first: number, through: number, now: number): void {
    const id = `msg_${this.#chance.uuid().replaceAll("-", "")}`;
    const delivery = freshDelivery(id, first, through, now);
    this.#position.delivery = { ...delivery, due: Math.max(now, this.#quietAt ?? 0) };
    this.#sheet.changes.deliveries.add(this.#position.delivery);
  }

  /** The user did something. @param gatherMs how long to wait for more of it, ms */
  heard(pace: "gather" | "now", gatherMs: number, now: number): void {
    this.#quietAt = pace === "gather" ? now + gatherMs : now;
  }

  /** Adds events to a delivery that nobody has seen yet, and waits for more; not without end. */
  gather(added: readonly EventSize[], gatherMs: number, now: number): void {
    const { delivery } = this.#position;
    if (!delivery || gatherMs === 0 || delivery.attempt > 0 || delivery.leased) return;
    const events = [...this.#stored.sizesFrom(delivery.first), ...added];
    const count = howManyFit(events.map(({ bytes }) => bytes));
    delivery.through = Math.max(delivery.through, events[count - 1]?.seq ?? 0);
    const latest = delivery.began + gatherMs * GATHER_REACH;
    const isFull = count < events.length;
    delivery.due = isFull ? now : Math.max(now, Math.min(this.#quietAt ?? delivery.due, latest));
    this.#sheet.changes.deliveries.add(delivery);
  }

  /** The delivery a report is about, if its attempt is the one that is out; late reports of lost attempts have none. */
  expected(report: DeliveryReport): Delivery | undefined {
    const reported = this.#all().find((one) => one.id === report.delivery);
    return reported?.leased && reported.attempt === report.attempt ? reported : undefined;
  }

  /**
   * The bot answered: its messages join the outbox, the next events begin their delivery.
   * @param refusal why none of its messages may go out, if so
   */
  answered(
    delivery: Delivery,
    answer: BotAnswer,
    attempt: Attempt,
    refusal: Refusal | null,
    now: number,
  ): void {
    this.#close(delivery, "answered", attempt, answer, refusal, now);
  }

  /** The bot failed: again later, or a dead letter when that is pointless. */
  failed(
    delivery: Delivery,
    failure: Attempt,
    again: { afterMs?: number; attempts?: number } | null,
    now: number,
  ): void {
    const count = delivery.failures.length + 1;
    const alike = delivery.failures.filter(({ reason }) => reason === failure.reason).length + 1;
    const isWorthIt = again !== null && alike < (again.attempts ?? Number.POSITIVE_INFINITY);
    const wait = isWorthIt ? botBackoff(count, again.afterMs, this.#chance.random()) : undefined;
    if (wait === undefined) {
      this.#close(delivery, "dead", failure, NOTHING_SAID, null, now);
      return;
    }
    delivery.failures.push(failure);
    this.#putBack(delivery, now + wait);
  }

  /** The bot wasn't asked, since it is known to fail: that counts against nobody, but not for ever. */
  postponed(delivery: Delivery, attempt: Attempt, now: number): void {
    const waited = now - delivery.began;
    if (waited > GIVE_UP_MS) this.#close(delivery, "dead", attempt, NOTHING_SAID, null, now);
    else this.#putBack(delivery, now + postponeMs(waited, this.#chance.random()));
  }

  /** Repeats a delivery that is over, under its id, after what is out now. @returns whether it wasn't waiting already */
  replay({ id, first, last, attempts }: Past, now: number): boolean {
    if (this.#all().some((one) => one.id === id)) return false;
    // Attempts are counted on: a late report of an early one must not pass for one of these.
    const again = { ...freshDelivery(id, first, last, now), attempt: attempts };
    this.#position.replays.push(again);
    this.#sheet.changes.deliveries.add(again);
    return true;
  }

  /** Makes what waits due at once, whatever it waits for. */
  hurry(now: number): void {
    for (const one of this.#all()) if (!one.leased) one.due = Math.min(one.due, now);
  }

  /** Hands out what is due, for one attempt. */
  grant(now: number): Delivery | null {
    const all = this.#all();
    if (all.some((one) => one.leased && one.due > now)) return null;
    const next = all.find((one) => one.leased) ?? all.find((one) => one.due <= now);
    if (!next) return null;
    if (next.leased) next.lost++;
    if (next.lost >= MAX_LOST_LEASES) {
      const failure = { at: now, status: null, tookMs: 0, reason: "run_lost_repeatedly", answer: "" };
      this.#close(next, "dead", failure, NOTHING_SAID, null, now);
      return this.grant(now);
    }
    next.attempt++;
    next.leased = true;
    next.due = now + this.#leaseMs;
    this.#sheet.changes.deliveries.add(next);
    return next;
  }

  /** When something has to happen next, ms; `null` when nothing waits for the bot. */
  nextDue(): number | null {
    const all = this.#all();
    const out = all.filter((one) => one.leased);
    const dues = (out.length > 0 ? out : all).map((one) => one.due);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  get #position() {
    return this.#sheet.position;
  }

  #all(): Delivery[] {
    const { delivery, replays } = this.#position;
    return delivery ? [delivery, ...replays] : replays;
  }

  #putBack(delivery: Delivery, due: number): void {
    delivery.leased = false;
    delivery.due = due;
    this.#sheet.changes.deliveries.add(delivery);
  }

  #close(
    delivery: Delivery,
    outcome: "answered" | "dead",
    last: Attempt,
    said: Pick<BotAnswer, "messages" | "actions">,
    refusal: Refusal | null,
    now: number,
  ): void {
    const position = this.#position;
    const isReplay = delivery !== position.delivery;
    if (isReplay) {
      position.replays = position.replays.filter((one) => one !== delivery);
      this.#sheet.changes.replayed.push(delivery);
    } else {
      position.through = delivery.through;
      position.delivery = null;
    }
    this.#sheet.changes.deliveries.delete(delivery);
    const origin = { id: delivery.id, first: delivery.first, last: delivery.through };
    this.#sends.append(
      {
        origin,
        outcome,
        writer: "bot",
        attempts: [...delivery.failures, last],
        actions: said.actions,
        messages: said.messages,
        untold: outcome === "dead" || isReplay,
        refusal,
      },
      now,
    );
    if (!isReplay && position.lastForwarded > position.through) this.#beginNext(position.through, now);
  }

  /** Events that wait after `through` are the next delivery. */
  #beginNext(through: number, now: number): void {
    const first = this.#stored.firstAfter(through);
    if (first > 0) {
      this.begin(first, this.#stored.lastThatFits(first), now);
      return;
    }
    // Those that came in this very step aren't stored yet.
    const coming = this.#sheet.changes.events.filter(({ seq, event }) => event.forward && seq > through);
    const count = howManyFit(coming.map(({ event }) => bytesOf(event.raw)));
    const [next, last] = [coming[0], coming[count - 1]];
    if (next && last) this.begin(next.seq, last.seq, now);
  }
}

const NOTHING_SAID = { messages: [], actions: [] };

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
