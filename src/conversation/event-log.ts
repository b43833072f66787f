import { howManyFit } from "./fitting.ts";
import type { StoredEvents } from "./ledger.ts";
import { DELIVERY_MAX_EVENTS } from "./limits.ts";
import type { Delivery, NewEvent } from "./position.ts";

export interface StoredEvent {
  id: string;
  type: string;
  /** Meta's time, ms. */
  at: number;
  platform: string;
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

/** The event table: what Meta sent, in the order it was accepted. */
export class EventLog implements StoredEvents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The running values of the newest row. */
  last(): { seq: number; head: number; windowAt: number | null } {
    const [last] = this.#sql
      .exec<{ seq: number; head: number; windowAt: number | null }>(
        "SELECT seq, head, window_at AS windowAt FROM event ORDER BY seq DESC LIMIT 1",
      )
      .toArray();
    return last ?? { seq: 0, head: 0, windowAt: null };
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
        "SELECT id, type, at, platform, raw FROM event WHERE seq BETWEEN ? AND ? AND forward = 1 ORDER BY seq",
        delivery.first,
        delivery.through,
      )
      .toArray();
  }
}
