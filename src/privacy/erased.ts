import type { ConversationId } from "../ids.ts";

/** Conversations of a page that were deleted, until all runs are over that were out for them. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS erased (
    conversation TEXT PRIMARY KEY,
    at INTEGER NOT NULL,           -- ms; when it was deleted
    due INTEGER NOT NULL           -- ms; when the page looks for what was left
  ) STRICT, WITHOUT ROWID;
`;

/** A run ends 28 s after it began, and its invocation soon after, ms. */
const RUNS_OVER_MS = 40_000;
const RETRY_MS = 60_000;
/** Looked after in one go; the next go follows at once. */
const AT_ONCE = 50;

export interface Erased {
  conversation: ConversationId;
  /** ms */
  at: number;
}

export class ErasedConversations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  add(conversation: ConversationId, now: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO erased (conversation, at, due) VALUES (?, ?, ?)",
      conversation,
      now,
      now + RUNS_OVER_MS,
    );
  }

  due(now: number): Erased[] {
    return this.#sql
      .exec<{ conversation: ConversationId; at: number }>(
        "SELECT conversation, at FROM erased WHERE due <= ? ORDER BY due LIMIT ?",
        now,
        AT_ONCE,
      )
      .toArray();
  }

  /** When there is something to look after, ms. */
  nextDue(): number | null {
    return this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM erased").one().due;
  }

  /** Nothing is left of it. If it was deleted once more meanwhile, that is another matter. */
  over({ conversation, at }: Erased): void {
    this.#sql.exec("DELETE FROM erased WHERE conversation = ? AND at = ?", conversation, at);
  }

  again({ conversation }: Erased, now: number): void {
    this.#sql.exec("UPDATE erased SET due = ? WHERE conversation = ?", now + RETRY_MS, conversation);
  }
}
