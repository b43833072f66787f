import type { Letter } from "../conversation/work.ts";

/**
 * The page's list of dead letters: where they are, when and why. The letters themselves stay with their conversations,
 * which tell the page of them until it has noted them.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS dead_letter (
    seq INTEGER PRIMARY KEY,
    delivery TEXT NOT NULL UNIQUE, -- webhook-id
    conversation TEXT NOT NULL,
    at INTEGER NOT NULL,           -- ms
    status INTEGER,                -- HTTP status of the last attempt
    reason TEXT
  ) STRICT;
`;

export type DeadLetter = {
  seq: number;
  delivery: string;
  conversation: string;
  at: number;
  status: number | null;
  reason: string | null;
};

export interface LetterPage {
  letters: DeadLetter[];
  total: number;
}

export class DeadLetters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  add(conversation: string, { delivery, at, status, reason }: Letter): void {
    this.#sql.exec(
      `INSERT INTO dead_letter (delivery, conversation, at, status, reason) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (delivery) DO UPDATE SET at = excluded.at, status = excluded.status, reason = excluded.reason`,
      delivery,
      conversation,
      at,
      status,
      reason,
    );
  }

  remove(delivery: string): void {
    this.#sql.exec("DELETE FROM dead_letter WHERE delivery = ?", delivery);
  }

  some(): boolean {
    return this.#sql.exec("SELECT 1 FROM dead_letter LIMIT 1").next().done !== true;
  }

  /** Their conversations have deleted what is older. */
  forget(before: number): void {
    this.#sql.exec("DELETE FROM dead_letter WHERE at < ?", before);
  }

  /** Those of a conversation that died until `at`, ms. */
  forgetConversation(conversation: string, at: number): void {
    this.#sql.exec("DELETE FROM dead_letter WHERE conversation = ? AND at <= ?", conversation, at);
  }

  of(conversation: string): DeadLetter[] {
    return this.#sql
      .exec<DeadLetter>("SELECT * FROM dead_letter WHERE conversation = ? ORDER BY seq", conversation)
      .toArray();
  }

  find(delivery: string): DeadLetter | null {
    return (
      this.#sql.exec<DeadLetter>("SELECT * FROM dead_letter WHERE delivery = ?", delivery).toArray()[0] ??
      null
    );
  }

  /** The newest first, from before `before` on. */
  list(before: number | null, limit: number): LetterPage {
    const letters = this.#sql
      .exec<DeadLetter>(
        "SELECT * FROM dead_letter WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray();
    const { total } = this.#sql.exec<{ total: number }>("SELECT count(*) AS total FROM dead_letter").one();
    return { letters, total };
  }

  /** Those that died at `at` or later, oldest first, after number `after`. */
  since(at: number, after: number, limit: number): DeadLetter[] {
    return this.#sql
      .exec<DeadLetter>(
        "SELECT * FROM dead_letter WHERE at >= ? AND seq > ? ORDER BY seq LIMIT ?",
        at,
        after,
        limit,
      )
      .toArray();
  }
}
