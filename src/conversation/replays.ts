import { deliveryOf, type LeaseRow } from "./lease.ts";
import type { Delivery } from "./position.ts";

type ReplayRow = LeaseRow & { first: number };

/** The replay table: deliveries that someone wants repeated, oldest wish first. */
export class Replays {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): Delivery[] {
    return this.#sql
      .exec<ReplayRow>("SELECT * FROM replay ORDER BY rowid")
      .toArray()
      .map((row) => deliveryOf(row.first, row));
  }

  save(delivery: Delivery): void {
    this.#sql.exec(
      `INSERT INTO replay (delivery, first, through, attempt, leased, due, began, lost, failures)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (delivery) DO UPDATE SET attempt = excluded.attempt, leased = excluded.leased, due = excluded.due,
         lost = excluded.lost, failures = excluded.failures`,
      delivery.id,
      delivery.first,
      delivery.through,
      delivery.attempt,
      Number(delivery.leased),
      delivery.due,
      delivery.began,
      delivery.lost,
      JSON.stringify(delivery.failures),
    );
  }

  remove(delivery: Delivery): void {
    this.#sql.exec("DELETE FROM replay WHERE delivery = ?", delivery.id);
  }
}
