import type { EventSize, StoredEvents } from "./deliveries.ts";
import { howManyFit } from "./fitting.ts";
import { type IncomingEvent, standbyKey } from "./incoming.ts";
import { deliveryOf, type LeaseRow } from "./lease.ts";
import { DELIVERY_MAX_EVENTS } from "./limits.ts";
import { type Annotation, annotate, withoutContents } from "./notes.ts";
import type { Delivery, NewEvent } from "./position.ts";
import type { Platform } from "./work.ts";

export interface StoredEvent {
  /** What tells it from all others: `standby:…` for what was only shown to us. */
  key: string;
  id: string;
  type: string;
  /** Meta's time, ms. */
  at: number;
  platform: Platform;
  /** JSON text as Meta sent it. */
  raw: string;
}

type LastEvent = { seq: number; head: number; windowAt: number | null; platform: Platform };

/** The event table: what Meta sent, in the order it was accepted. */
export class EventLog implements StoredEvents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The running values of the newest row. */
  last(): LastEvent {
    const [last] = this.#sql
      .exec<LastEvent>(
        "SELECT seq, head, window_at AS windowAt, platform FROM event ORDER BY seq DESC LIMIT 1",
      )
      .toArray();
    return last ?? { seq: 0, head: 0, windowAt: null, platform: "messenger" };
  }

  has(key: string): boolean {
    return this.#sql.exec("SELECT 1 FROM event WHERE key = ?", key).next().done !== true;
  }

  /** Those that aren't stored yet, each once. */
  unseen(events: readonly IncomingEvent[]): IncomingEvent[] {
    const keys = new Set<string>();
    return events.filter(({ key }) => {
      if (keys.has(key) || this.has(key)) return false;
      keys.add(key);
      return true;
    });
  }

  /** @param delivery the lease, when the event is a delivery's first */
  append({ seq, event, windowAt, head }: NewEvent, delivery: Delivery | null, now: number): void {
    this.#sql.exec(
      `INSERT INTO event
         (seq, key, id, type, at, received, platform, forward, raw, window_at, head,
          delivery, through, attempt, leased, due, began, lost)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      event.key,
      event.id,
      event.type,
      event.at,
      now,
      event.platform,
      event.forward ? 1 : 0,
      event.raw,
      windowAt,
      head,
      delivery?.id ?? null,
      delivery?.through ?? null,
      delivery?.attempt ?? null,
      delivery ? Number(delivery.leased) : null,
      delivery?.due ?? null,
      delivery?.began ?? null,
      delivery?.lost ?? null,
    );
  }

  firstAfter(seq: number): number {
    const [row] = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM event WHERE seq > ? AND forward = 1 ORDER BY seq LIMIT 1", seq)
      .toArray();
    return row?.seq ?? 0;
  }

  lastThatFits(first: number): number {
    const rows = this.sizesFrom(first);
    return rows[howManyFit(rows.map((row) => row.bytes)) - 1]?.seq ?? first;
  }

  sizesFrom(first: number): EventSize[] {
    return this.#sql
      .exec<EventSize & Record<string, SqlStorageValue>>(
        "SELECT seq, octet_length(raw) AS bytes FROM event WHERE seq >= ? AND forward = 1 ORDER BY seq LIMIT ?",
        first,
        DELIVERY_MAX_EVENTS,
      )
      .toArray();
  }

  /** The delivery that begins with this event. */
  delivery(first: number): Delivery | null {
    const [row] = this.#sql
      .exec<LeaseRow>(
        `SELECT delivery, through, attempt, leased, due, began, lost, failures FROM event
         WHERE seq = ? AND delivery IS NOT NULL`,
        first,
      )
      .toArray();
    return row ? deliveryOf(first, row) : null;
  }

  saveDelivery(delivery: Delivery): void {
    this.#sql.exec(
      `UPDATE event SET delivery = ?, through = ?, attempt = ?, leased = ?, due = ?, began = ?, lost = ?, failures = ?
       WHERE seq = ?`,
      delivery.id,
      delivery.through,
      delivery.attempt,
      Number(delivery.leased),
      delivery.due,
      delivery.began,
      delivery.lost,
      delivery.failures.length === 0 ? null : JSON.stringify(delivery.failures),
      delivery.first,
    );
  }

  /** A message as Meta sent it, as JSON text; `null` if it isn't on record. */
  rawOf(mid: string): string | null {
    const keys = [`message:${mid}`, `echo:${mid}`];
    const [row] = this.#sql
      .exec<{ raw: string }>(
        "SELECT raw FROM event WHERE key IN (?, ?, ?, ?) ORDER BY seq LIMIT 1",
        ...keys,
        ...keys.map(standbyKey),
      )
      .toArray();
    return row?.raw ?? null;
  }

  /**
   * Notes what has become of a message.
   * @returns whether it is one that came in and is on record; an echo's message may be on record elsewhere, too
   */
  annotate(annotation: Annotation, at: number): boolean {
    const { mid, kind } = annotation;
    const keys = [`message:${mid}`, `echo:${mid}`];
    const rows = this.#sql
      .exec<{ seq: number; type: string; raw: string; notes: string | null }>(
        "SELECT seq, type, raw, notes FROM event WHERE key IN (?, ?, ?, ?, ?)",
        ...keys,
        ...keys.map(standbyKey),
        `postback:${mid}`,
      )
      .toArray();
    for (const row of rows) {
      const notes = annotate(row.notes === null ? {} : JSON.parse(row.notes), annotation, at);
      const raw = kind === "unsend" ? withoutContents(row.raw) : row.raw;
      this.#sql.exec(
        "UPDATE event SET notes = ?, raw = ? WHERE seq = ?",
        JSON.stringify(notes),
        raw,
        row.seq,
      );
      if (kind !== "reaction" && notes.unsentAt !== undefined) this.#forgetEdits(mid);
    }
    return rows.some(({ type }) => type !== "echo");
  }

  /** The texts of a message that was taken back, as later edits had them. */
  #forgetEdits(mid: string): void {
    this.#sql.exec(
      `UPDATE event SET raw = json_remove(raw, '$.message_edit.text')
       WHERE type = 'message_edit' AND json_extract(raw, '$.message_edit.mid') = ?`,
      mid,
    );
  }

  /** Whether word that a message was taken back is on record. */
  isTakenBack(mid: string): boolean {
    return this.has(`removal:${mid}`) || this.has(standbyKey(`removal:${mid}`));
  }

  /** Whether the events of a delivery are all of this type. */
  areAll(type: string, first: number, last: number): boolean {
    return (
      this.#sql
        .exec(
          "SELECT 1 FROM event WHERE seq BETWEEN ? AND ? AND forward = 1 AND type <> ?",
          first,
          last,
          type,
        )
        .next().done === true
    );
  }

  /** Whether the newest `count` events are all of this type. */
  endWith(type: string, count: number): boolean {
    const { alike } = this.#sql
      .exec<{ alike: number }>(
        "SELECT count(*) AS alike FROM (SELECT type FROM event ORDER BY seq DESC LIMIT ?) WHERE type = ?",
        count,
        type,
      )
      .one();
    return alike === count;
  }

  /** How many events after `seq` go to the bot. */
  countAfter(seq: number): number {
    return this.#sql
      .exec<{ count: number }>("SELECT count(*) AS count FROM event WHERE seq > ? AND forward = 1", seq)
      .one().count;
  }

  /** The events of a delivery, in order. */
  of(delivery: Pick<Delivery, "first" | "through">): StoredEvent[] {
    return this.#sql
      .exec<StoredEvent & Record<string, SqlStorageValue>>(
        "SELECT key, id, type, at, platform, raw FROM event WHERE seq BETWEEN ? AND ? AND forward = 1 ORDER BY seq",
        delivery.first,
        delivery.through,
      )
      .toArray();
  }
}
