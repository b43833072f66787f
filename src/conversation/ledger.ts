import { bytesOf } from "../utf8.ts";
import { Deliveries, type EventSize, type StoredEvents } from "./deliveries.ts";
import { howManyFit } from "./fitting.ts";
import type { IncomingEvent } from "./incoming.ts";
import type { Changes, Granted, NewEntry, Position } from "./position.ts";
import { Sends } from "./sends.ts";
import { type Chance, Sheet } from "./sheet.ts";
import type { Capacity } from "./work.ts";

/**
 * Where a conversation stands and every decision about it: what is in flight, what waits, what comes next. Pure: no
 * storage, no clock, no chance of its own. The object (conversation.ts) writes down {@link Changes} after each step, so
 * that memory and rows always tell the same.
 */
export class Ledger {
  readonly deliveries: Deliveries;
  readonly sends: Sends;
  readonly #sheet: Sheet;
  readonly #leaseMs: number;

  constructor(position: Position, stored: StoredEvents, chance: Chance, leaseMs: number) {
    this.#sheet = new Sheet(position);
    this.#leaseMs = leaseMs;
    this.sends = new Sends(this.#sheet, chance, leaseMs);
    this.deliveries = new Deliveries(this.#sheet, stored, this.sends, chance, leaseMs);
  }

  get position(): Position {
    return this.#sheet.position;
  }

  takeChanges(): Changes {
    return this.#sheet.takeChanges();
  }

  /** What became of messages in this step. */
  get ended(): Pick<Changes, "failed" | "sent"> {
    return this.#sheet.changes;
  }

  /** The entry of this number, if it was made in this step. */
  added(seq: number): NewEntry | undefined {
    return this.#sheet.changes.entries.find(({ entry }) => entry.seq === seq);
  }

  /**
   * Accepts events that are not stored yet, in order. When nothing waits for the bot, they are the next delivery.
   * @param gatherMs how long to wait for more of what a user writes, ms
   */
  accept(events: readonly IncomingEvent[], gatherMs: number, now: number): void {
    const { position, changes } = this.#sheet;
    const forwarded: EventSize[] = [];
    const head = position.delivery?.first;
    for (const event of events) {
      position.seq++;
      position.platform = event.platform;
      if (event.forward) {
        position.lastForwarded = position.seq;
        forwarded.push({ seq: position.seq, bytes: bytesOf(event.raw) });
        if (event.pace) this.deliveries.heard(event.pace, gatherMs, now);
      }
      if (event.opensWindow) position.windowAt = Math.max(position.windowAt ?? 0, Math.min(event.at, now));
      changes.events.push({
        seq: position.seq,
        event,
        windowAt: position.windowAt,
        head: head ?? forwarded[0]?.seq ?? 0,
      });
    }
    const first = forwarded[0];
    if (!first) return;
    if (position.delivery) {
      this.deliveries.gather(forwarded, gatherMs, now);
      return;
    }
    const last = forwarded[howManyFit(forwarded.map(({ bytes }) => bytes)) - 1] ?? first;
    this.deliveries.begin(first.seq, last.seq, now);
  }

  /** The page has been told of these entries. */
  told(entries: readonly number[]): void {
    const { position, changes } = this.#sheet;
    changes.told.push(...entries.filter((seq) => position.untold.includes(seq)));
    position.untold = position.untold.filter((seq) => !entries.includes(seq));
  }

  /** Hands out what is due, for one attempt each. */
  grant(now: number, capacity: Capacity): Granted {
    const delivery = capacity.deliver ? this.deliveries.grant(now) : null;
    const entry = capacity.send ? this.sends.grant(now) : null;
    return { delivery, entry, tell: capacity.tell ? this.#grantTelling(now) : [] };
  }

  /** When something has to happen next, ms; `null` when the conversation is at rest. */
  nextDue(): number | null {
    const { open, untold, tellDue } = this.position;
    const dues = [this.deliveries.nextDue() ?? Number.POSITIVE_INFINITY];
    if (open[0]) dues.push(open[0].due);
    if (untold.length > 0) dues.push(tellDue);
    const due = Math.min(...dues);
    return Number.isFinite(due) ? due : null;
  }

  #grantTelling(now: number): number[] {
    const { position } = this;
    if (position.untold.length === 0 || position.tellDue > now) return [];
    position.tellDue = now + this.#leaseMs;
    return [...position.untold];
  }
}
