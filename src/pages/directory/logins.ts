/**
 * Logins at Meta that have come back: each does so once, and until its pages are chosen its token is kept, sealed, for some
 * minutes.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS login (
    id TEXT PRIMARY KEY,
    token TEXT,                    -- the person's, sealed (sealing.ts); none until Meta gave one, and when it is over
    expires_at INTEGER NOT NULL    -- ms; when the row goes
  ) STRICT, WITHOUT ROWID;
`;

export class Logins {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /**
   * A login comes back.
   * @param expiresAt ms; when it couldn't come back any more
   * @returns whether it is the first time
   */
  spend(id: string, expiresAt: number): boolean {
    return (
      this.#sql.exec("INSERT OR IGNORE INTO login (id, expires_at) VALUES (?, ?)", id, expiresAt)
        .rowsWritten > 0
    );
  }

  /** @param token sealed */
  keep(id: string, token: string, expiresAt: number): void {
    this.#sql.exec("UPDATE login SET token = ?, expires_at = ? WHERE id = ?", token, expiresAt, id);
  }

  /** @returns the person's token, sealed; `null` if there is none (any more) */
  token(id: string, now: number): string | null {
    const [row] = this.#sql
      .exec<{ token: string | null }>("SELECT token FROM login WHERE id = ? AND expires_at > ?", id, now)
      .toArray();
    return row?.token ?? null;
  }

  /** They stay spent. */
  forgetTokens(): void {
    this.#sql.exec("UPDATE login SET token = NULL");
  }

  forget(now: number): void {
    this.#sql.exec("DELETE FROM login WHERE expires_at <= ?", now);
  }

  /** When the next goes, ms. */
  nextExpiry(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT min(expires_at) AS at FROM login").one().at;
  }
}
