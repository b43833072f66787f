/**
 * How a page fares, beside its gates: when Meta was heard of it last, and whether its bot was told that somebody must
 * connect it anew.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS pulse (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    webhook_at INTEGER,            -- ms; the last webhook, give or take some minutes
    reauth TEXT                    -- why its bot was told so; none: its token is good, as far as is known
  ) STRICT;
`;

export class Pulse {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** ms; `null`: never. */
  lastWebhook(): number | null {
    const [row] = this.#sql.exec<{ at: number | null }>("SELECT webhook_at AS at FROM pulse").toArray();
    return row?.at ?? null;
  }

  /** @param at ms */
  webhook(at: number): void {
    this.#sql.exec(
      `INSERT INTO pulse (one, webhook_at) VALUES (1, ?)
       ON CONFLICT (one) DO UPDATE SET webhook_at = max(excluded.webhook_at, ifnull(webhook_at, 0))`,
      at,
    );
  }

  /** @returns whether it is news */
  needsReauth(reason: string): boolean {
    return (
      this.#sql.exec(
        `INSERT INTO pulse (one, reauth) VALUES (1, ?)
         ON CONFLICT (one) DO UPDATE SET reauth = excluded.reauth WHERE reauth IS NOT excluded.reauth`,
        reason,
      ).rowsWritten > 0
    );
  }

  /** @param reason that alone is over; without one, whatever it was */
  tokenWorks(reason?: string): void {
    this.#sql.exec(
      "UPDATE pulse SET reauth = NULL WHERE reauth IS NOT NULL AND (?1 IS NULL OR reauth = ?1)",
      reason ?? null,
    );
  }
}
