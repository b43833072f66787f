import type { Conversation } from "./ids.ts";

/** How long `typing_on` shows, in milliseconds, unless a message or `typing_off` comes first. */
const TYPING_MS = 20_000;

type Row = { last_user_at: number; typing_until: number };

/** Who has written to which page, and when: what Meta's messaging windows are counted from. */
export class Conversations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns When the user last did something that opens the window, or null if they never did. */
  lastUserAt({ pageId, userId }: Conversation): number | null {
    return this.#row({ pageId, userId })?.last_user_at ?? null;
  }

  /** Records that the user wrote, tapped, reacted, or came by a link. */
  userActed({ pageId, userId }: Conversation, at: number): void {
    this.#sql.exec(
      `INSERT INTO conversations (page_id, user_id, last_user_at) VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET last_user_at = ?3`,
      pageId,
      userId,
      at,
    );
  }

  /** Records the `user_ref` of an opt-in, which a send may name instead of the user's id. */
  nameByReference({ pageId, userId }: Conversation, userRef: string): void {
    this.#sql.exec(
      "UPDATE conversations SET user_ref = ? WHERE page_id = ? AND user_id = ?",
      userRef,
      pageId,
      userId,
    );
  }

  userOfReference(pageId: string, userRef: string): string | null {
    const [row] = this.#sql
      .exec<{ user_id: string }>(
        "SELECT user_id FROM conversations WHERE page_id = ? AND user_ref = ?",
        pageId,
        userRef,
      )
      .toArray();
    return row?.user_id ?? null;
  }

  /** @returns Until when the page's typing dots show, in real milliseconds; 0 if they do not. */
  typingUntil(conversation: Conversation): number {
    const until = this.#row(conversation)?.typing_until ?? 0;
    return until > Date.now() ? until : 0;
  }

  setTyping({ pageId, userId }: Conversation, typing: boolean): void {
    this.#sql.exec(
      "UPDATE conversations SET typing_until = ? WHERE page_id = ? AND user_id = ?",
      typing ? Date.now() + TYPING_MS : 0,
      pageId,
      userId,
    );
  }

  #row({ pageId, userId }: Conversation): Row | undefined {
    return this.#sql
      .exec<Row>(
        "SELECT last_user_at, typing_until FROM conversations WHERE page_id = ? AND user_id = ?",
        pageId,
        userId,
      )
      .toArray()[0];
  }
}
