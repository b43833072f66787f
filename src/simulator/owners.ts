import type { Clock } from "./clock.ts";
import type { Conversation } from "./ids.ts";

export interface Owner {
  readonly appId: string;
  /** Simulated milliseconds; from then on the thread is idle. */
  readonly expiresAt: number;
}

/** Which app owns which thread. A thread without a row is idle. */
export class Owners {
  readonly #sql: SqlStorage;
  readonly #clock: Clock;

  constructor(sql: SqlStorage, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  /** @returns The owner, or null if the thread is idle. */
  of({ pageId, userId }: Conversation): Owner | null {
    const [row] = this.#sql
      .exec<{ app_id: string; expires_at: number }>(
        "SELECT app_id, expires_at FROM owners WHERE page_id = ? AND user_id = ?",
        pageId,
        userId,
      )
      .toArray();
    if (!row || row.expires_at <= this.#clock.now()) return null;
    return { appId: row.app_id, expiresAt: row.expires_at };
  }

  set({ pageId, userId }: Conversation, { appId, expiresAt }: Owner): void {
    this.#sql.exec("INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)", pageId, userId, appId, expiresAt);
  }

  clear({ pageId, userId }: Conversation): void {
    this.#sql.exec("DELETE FROM owners WHERE page_id = ? AND user_id = ?", pageId, userId);
  }
}
