import type { Conversation } from "./ids.ts";

/** Who has written to which page, and when: what Meta's messaging windows are counted from. */
export class Conversations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns When the user last did something that opens the window, or null if they never did. */
  lastUserAt({ pageId, userId }: Conversation): number | null {
    const [row] = this.#sql
      .exec<{ last_user_at: number }>(
        "SELECT last_user_at FROM conversations WHERE page_id = ? AND user_id = ?",
        pageId,
        userId,
      )
      .toArray();
    return row?.last_user_at ?? null;
  }

  /** Records that the user wrote, tapped, reacted, or came by a link. What they did later than that still counts. */
  userActed({ pageId, userId }: Conversation, at: number): void {
    this.#sql.exec(
      `INSERT INTO conversations (page_id, user_id, last_user_at) VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET last_user_at = max(last_user_at, ?3)`,
      pageId,
      userId,
      at,
    );
  }

  /** Moves the user's last act back in time. */
  age({ pageId, userId }: Conversation, byMs: number): void {
    this.#sql.exec(
      "UPDATE conversations SET last_user_at = last_user_at - ? WHERE page_id = ? AND user_id = ?",
      byMs,
      pageId,
      userId,
    );
  }
}
