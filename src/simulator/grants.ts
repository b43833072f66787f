import type { Conversation } from "./ids.ts";

/** What a person gave that lets a page write without their id, or outside the 24 hours. */
export type GrantKind = "user_ref" | "comment" | "post" | "one_time" | "marketing";

export interface Grant extends Conversation {
  readonly kind: GrantKind;
  /** The id or token a send names. */
  readonly token: string;
  /** Simulated milliseconds. */
  readonly givenAt: number;
  readonly expiresAt: number;
  /** How often it has been sent with, and when last (0 for never). */
  readonly uses: number;
  readonly usedAt: number;
  readonly stopped: boolean;
  /** The least time between two sends, in milliseconds. */
  readonly pauseMs: number;
}

type NewGrant = Pick<Grant, "kind" | "token" | "pageId" | "userId" | "givenAt" | "expiresAt"> &
  Partial<Pick<Grant, "pauseMs">>;

type Row = {
  kind: GrantKind;
  token: string;
  page_id: string;
  user_id: string;
  given_at: number;
  expires_at: number;
  uses: number;
  used_at: number;
  stopped: number;
  pause_ms: number;
};

/** Comments, posts, checkbox references and notification tokens. */
export class Grants {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Records a grant; given again under the same token, it is as new. */
  give({ kind, token, pageId, userId, givenAt, expiresAt, pauseMs = 0 }: NewGrant): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO grants (kind, token, page_id, user_id, given_at, expires_at, pause_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      kind,
      token,
      pageId,
      userId,
      givenAt,
      expiresAt,
      pauseMs,
    );
  }

  find(kind: GrantKind, token: string): Grant | null {
    const [row] = this.#sql
      .exec<Row>("SELECT * FROM grants WHERE kind = ? AND token = ?", kind, token)
      .toArray();
    if (!row) return null;
    const { page_id, user_id, given_at, expires_at, uses, used_at, stopped, pause_ms } = row;
    return {
      kind: row.kind,
      token: row.token,
      pageId: page_id,
      userId: user_id,
      givenAt: given_at,
      expiresAt: expires_at,
      uses,
      usedAt: used_at,
      stopped: stopped !== 0,
      pauseMs: pause_ms,
    };
  }

  /** @returns When the person last gave anything to this page, or null if they never did. */
  lastGivenAt({ pageId, userId }: Conversation): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        "SELECT max(given_at) AS at FROM grants WHERE page_id = ? AND user_id = ?",
        pageId,
        userId,
      )
      .one().at;
  }

  use({ kind, token }: Grant, at: number): void {
    this.#sql.exec(
      "UPDATE grants SET uses = uses + 1, used_at = ? WHERE kind = ? AND token = ?",
      at,
      kind,
      token,
    );
  }

  setStopped({ kind, token }: Grant, stopped: boolean): void {
    this.#sql.exec(
      "UPDATE grants SET stopped = ? WHERE kind = ? AND token = ?",
      stopped ? 1 : 0,
      kind,
      token,
    );
  }

  /** Takes a grant back, as when a comment is removed. */
  remove(kind: GrantKind, token: string): void {
    this.#sql.exec("DELETE FROM grants WHERE kind = ? AND token = ?", kind, token);
  }

  /** Moves all the person gave to this page back in time. */
  age({ pageId, userId }: Conversation, byMs: number): void {
    this.#sql.exec(
      `UPDATE grants SET given_at = given_at - ?1, expires_at = expires_at - ?1, used_at = used_at - ?1
       WHERE page_id = ?2 AND user_id = ?3`,
      byMs,
      pageId,
      userId,
    );
  }
}
