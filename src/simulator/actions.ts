import type { Conversation } from "./ids.ts";

/** How long `typing_on` shows, in milliseconds, unless a message or `typing_off` comes first. */
const TYPING_MS = 20_000;

/** A sender action of the page, as the thread shows it. Times are real milliseconds. */
export interface SenderAction {
  readonly action: string;
  readonly at: number;
  /** When the dots went; absent while they show, and for actions that last no time. */
  readonly ended_at?: number;
  readonly ended_by?: "message" | "typing_off" | "typing_on" | "time";
}

type Row = {
  action: string;
  at: number;
  ended_at: number | null;
  ended_by: "message" | "typing_off" | "typing_on" | null;
};

/** What pages signalled beside messages: typing, having seen, reacting. */
export class Actions {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Records an action; typing once more, or no more, ends the typing before. */
  record(conversation: Conversation, action: string): void {
    if (action === "typing_on" || action === "typing_off") this.endTyping(conversation, action);
    this.#sql.exec(
      "INSERT INTO actions (page_id, user_id, action, at) VALUES (?, ?, ?, ?)",
      conversation.pageId,
      conversation.userId,
      action,
      Date.now(),
    );
  }

  endTyping({ pageId, userId }: Conversation, by: "message" | "typing_off" | "typing_on"): void {
    const now = Date.now();
    this.#sql.exec(
      `UPDATE actions SET ended_at = ?, ended_by = ?
       WHERE page_id = ? AND user_id = ? AND action = 'typing_on' AND ended_at IS NULL AND at > ?`,
      now,
      by,
      pageId,
      userId,
      now - TYPING_MS,
    );
  }

  /** @returns Until when the page's typing dots show, in real milliseconds; 0 if they do not. */
  typingUntil({ pageId, userId }: Conversation): number {
    const { at } = this.#sql
      .exec<{ at: number | null }>(
        `SELECT max(at) AS at FROM actions
         WHERE page_id = ? AND user_id = ? AND action = 'typing_on' AND ended_at IS NULL`,
        pageId,
        userId,
      )
      .one();
    return at !== null && at + TYPING_MS > Date.now() ? at + TYPING_MS : 0;
  }

  /** @returns All actions of the conversation, oldest first. */
  list({ pageId, userId }: Conversation): SenderAction[] {
    return this.#sql
      .exec<Row>(
        `SELECT action, at, ended_at, ended_by FROM actions
         WHERE page_id = ? AND user_id = ? ORDER BY seq`,
        pageId,
        userId,
      )
      .toArray()
      .map(actionOf);
  }
}

function actionOf({ action, at, ended_at, ended_by }: Row): SenderAction {
  if (ended_at !== null && ended_by !== null) return { action, at, ended_at, ended_by };
  const isOver = action === "typing_on" && at + TYPING_MS <= Date.now();
  return isOver ? { action, at, ended_at: at + TYPING_MS, ended_by: "time" } : { action, at };
}
