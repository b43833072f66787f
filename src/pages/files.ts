/** Files that Meta keeps for the page, by type and address, with Meta's ids for them. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS file (
    name TEXT PRIMARY KEY,         -- type and address
    attachment TEXT NOT NULL,      -- Meta's id
    at INTEGER NOT NULL            -- ms; when it was learnt
  ) STRICT, WITHOUT ROWID;
`;

/** Addresses that differ each time must not fill the object; the oldest go. */
const MAX_FILES = 5000;

export class Files {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  find(name: string): string | null {
    const [row] = this.#sql
      .exec<{ attachment: string }>("SELECT attachment FROM file WHERE name = ?", name)
      .toArray();
    return row?.attachment ?? null;
  }

  keep(name: string, attachment: string, now: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO file (name, attachment, at) VALUES (?, ?, ?)",
      name,
      attachment,
      now,
    );
    const { count } = this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM file").one();
    if (count <= MAX_FILES) return;
    this.#sql.exec(
      "DELETE FROM file WHERE name IN (SELECT name FROM file ORDER BY at LIMIT ?)",
      count - MAX_FILES,
    );
  }

  forget(name: string): void {
    this.#sql.exec("DELETE FROM file WHERE name = ?", name);
  }
}
