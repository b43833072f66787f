import type { StoredEvents } from "./deliveries.ts";
import { howManyFit } from "./fitting.ts";
import { standbyKey } from "./incoming.ts";
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

type DeliveryRow = {
  delivery: string | null;
  through: number;
  attempt: number;
  leased: number;
  due: number;
  began: number;
  lost: number;
  failures: string | null;
};

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
    const rows = this.#sql
      .exec<{ seq: number; bytes: number }>(
        "SELECT seq, octet_length(raw) AS bytes FROM event WHERE seq >= ? AND forward = 1 ORDER BY seq LIMIT ?",
        first,
        DELIVERY_MAX_EVENTS,
      )
      .toArray();
    return rows[howManyFit(rows.map((row) => row.bytes)) - 1]?.seq ?? first;
  }

  /** The delivery that begins with this event. */
  delivery(first: number): Delivery | null {
    const [row] = this.#sql
      .exec<DeliveryRow>(
        "SELECT delivery, through, attempt, leased, due, began, lost, failures FROM event WHERE seq = ?",
        first,
      )
      .toArray();
    if (!row || row.delivery === null) return null;
    const { delivery: id, through, attempt, due, began, lost } = row;
    const failures = row.failures === null ? [] : JSON.parse(row.failures);
    return { id, first, through, attempt, leased: row.leased === 1, due, began, lost, failures };
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

  /** Notes what has become of a message. @returns whether it is on record here */
  annotate(annotation: Annotation, at: number): boolean {
    const { mid } = annotation;
    const keys = [`message:${mid}`, `postback:${mid}`, `echo:${mid}`];
    const [row] = this.#sql
      .exec<{ seq: number; raw: string; notes: string | null }>(
        "SELECT seq, raw, notes FROM event WHERE key IN (?, ?, ?, ?, ?) ORDER BY seq LIMIT 1",
        ...keys,
        ...keys.slice(0, 1).map(standbyKey),
        standbyKey(`echo:${mid}`),
      )
      .toArray();
    if (!row) return false;
    const notes = annotate(row.notes === null ? {} : JSON.parse(row.notes), annotation, at);
    const raw = annotation.kind === "unsend" ? withoutContents(row.raw) : row.raw;
    this.#sql.exec("UPDATE event SET notes = ?, raw = ? WHERE seq = ?", JSON.stringify(notes), raw, row.seq);
    return true;
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
