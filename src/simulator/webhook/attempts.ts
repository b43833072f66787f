/** One webhook POST as it went, for `GET /_sim/deliveries`. */
export interface Attempt {
  readonly post_id: string;
  readonly page_id: string;
  /** Real milliseconds when the POST began. */
  readonly time: number;
  /** 1 for the first attempt of these bytes. A duplicate (see faults) counts on its own post_id like a first one. */
  readonly attempt: number;
  /** HTTP status, or null if no answer came. */
  readonly status: number | null;
  /** Why no answer came; absent otherwise. */
  readonly error?: string;
  readonly ms: number;
  /** The first characters of the answer. */
  readonly answer: string;
  readonly events: number;
  readonly outcome: "accepted" | "retrying" | "given_up";
}

const KEPT = 2000;

/** The latest attempts; older ones are forgotten. */
export class Attempts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  record(attempt: Attempt): void {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        "INSERT INTO attempts (record) VALUES (?) RETURNING seq",
        JSON.stringify(attempt),
      )
      .one();
    this.#sql.exec("DELETE FROM attempts WHERE seq <= ?", seq - KEPT);
  }

  /** @returns The latest attempts, newest last. */
  list(limit: number): Attempt[] {
    return this.#sql
      .exec<{ record: string }>("SELECT record FROM attempts ORDER BY seq DESC LIMIT ?", limit)
      .toArray()
      .map((row): Attempt => JSON.parse(row.record))
      .reverse();
  }
}
