const KEPT = 2000;

/** The latest of something that happened again and again; older ones are forgotten. */
export class Records<Entry> {
  readonly #sql: SqlStorage;
  readonly #table: "calls" | "attempts";

  constructor(sql: SqlStorage, table: "calls" | "attempts") {
    this.#sql = sql;
    this.#table = table;
  }

  record(entry: Entry): void {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        `INSERT INTO ${this.#table} (record) VALUES (?) RETURNING seq`,
        JSON.stringify(entry),
      )
      .one();
    this.#sql.exec(`DELETE FROM ${this.#table} WHERE seq <= ?`, seq - KEPT);
  }

  /** @returns The latest ones, newest last. */
  list(limit: number): Entry[] {
    return this.#sql
      .exec<{ record: string }>(`SELECT record FROM ${this.#table} ORDER BY seq DESC LIMIT ?`, limit)
      .toArray()
      .map((row): Entry => JSON.parse(row.record))
      .reverse();
  }
}
