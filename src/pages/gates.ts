import type { ConversationId } from "../ids.ts";
import type { Shut, Side } from "./gate.ts";

/** The page's tables of gates and of who waits at them. A gate has a row while it is shut. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS gate (
    side TEXT PRIMARY KEY,         -- bot | canary | graph
    reason TEXT NOT NULL,
    until INTEGER NOT NULL,        -- ms
    probes INTEGER NOT NULL        -- how often it was tried in vain
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS waiting (
    side TEXT NOT NULL,
    conversation TEXT NOT NULL,
    PRIMARY KEY (side, conversation)
  ) STRICT, WITHOUT ROWID;
`;

/** For ever, where SQLite has no infinity. */
const NEVER = Number.MAX_SAFE_INTEGER;

export class Gates {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  shut(side: Side): (Shut & { probes: number }) | null {
    const [row] = this.#sql
      .exec<{ reason: Shut["reason"]; until: number; probes: number }>(
        "SELECT reason, until, probes FROM gate WHERE side = ?",
        side,
      )
      .toArray();
    return row ? { ...row, until: row.until === NEVER ? Number.POSITIVE_INFINITY : row.until } : null;
  }

  set(side: Side, { reason, until, probes }: Shut & { probes: number }): void {
    const time = Number.isFinite(until) ? Math.floor(until) : NEVER;
    this.#sql.exec(
      `INSERT INTO gate (side, reason, until, probes) VALUES (?, ?, ?, ?)
       ON CONFLICT (side) DO UPDATE SET reason = excluded.reason, until = excluded.until, probes = excluded.probes`,
      side,
      reason,
      time,
      probes,
    );
  }

  /** @returns whether it was shut */
  open(side: Side): boolean {
    return this.#sql.exec("DELETE FROM gate WHERE side = ?", side).rowsWritten > 0;
  }

  wait(side: Side, conversation: string): void {
    this.#sql.exec(
      "INSERT INTO waiting (side, conversation) VALUES (?, ?) ON CONFLICT DO NOTHING",
      side,
      conversation,
    );
  }

  leave(side: Side, conversation: string): void {
    this.#sql.exec("DELETE FROM waiting WHERE side = ? AND conversation = ?", side, conversation);
  }

  /** It waits for nothing any more, on any side. */
  forgetConversation(conversation: string): void {
    this.#sql.exec("DELETE FROM waiting WHERE conversation = ?", conversation);
  }

  someWait(side: Side): boolean {
    return this.#sql.exec("SELECT 1 FROM waiting WHERE side = ? LIMIT 1", side).next().done !== true;
  }

  /** Some of those who wait, any of them: each probe asks others. */
  peekWaiting(side: Side, count: number): ConversationId[] {
    return this.#sql
      .exec<{ conversation: ConversationId }>(
        "SELECT conversation FROM waiting WHERE side = ? ORDER BY random() LIMIT ?",
        side,
        count,
      )
      .toArray()
      .map(({ conversation }) => conversation);
  }

  takeWaiting(side: Side, count: number): ConversationId[] {
    return this.#sql
      .exec<{ conversation: ConversationId }>(
        `DELETE FROM waiting WHERE side = ?1 AND conversation IN
           (SELECT conversation FROM waiting WHERE side = ?1 LIMIT ?2) RETURNING conversation`,
        side,
        count,
      )
      .toArray()
      .map(({ conversation }) => conversation);
  }
}
