import type { Conversation } from "./ids.ts";
import type { JsonObject } from "./json.ts";

export type Sender = "user" | "page";

/**
 * How far a message got. A user's message is `delivered` once a webhook POST holding it got its 200, and `seen`
 * once the page marked it seen or answered. A page's message is `delivered` when accepted and `seen` when read.
 */
type Status = "sent" | "delivered" | "seen";

/** What a bubble holds. Field names are those of `GET /_sim/users/{psid}/thread`. */
export interface Content {
  readonly text?: string;
  readonly attachments?: readonly JsonObject[];
  readonly quick_replies?: readonly JsonObject[];
  readonly quick_reply?: { readonly payload: string };
  readonly postback?: { readonly title: string; readonly payload: string };
  readonly metadata?: string;
  readonly reply_to?: JsonObject;
  readonly reaction?: Reaction;
  readonly sticker_id?: number;
  /** How often the person edited it. */
  readonly edits?: number;
  /** The person took it back; its words are gone. */
  readonly unsent?: true;
  readonly persona?: Persona;
  /** Who wrote it for the page, if not our app: null is a person in Meta's inbox. */
  readonly app_id?: string | null;
  /** A utility message: the template's name, language and components. */
  readonly template?: JsonObject;
}

/** Under whose name a page wrote. */
export interface Persona {
  readonly id: string;
  readonly name: string;
  readonly profile_picture_url: string;
}

export interface Reaction {
  readonly from: Sender;
  readonly reaction: string;
  readonly emoji?: string;
}

export interface ThreadMessage extends Content {
  readonly mid: string;
  readonly from: Sender;
  readonly timestamp: number;
  readonly status: Status;
}

export interface LastLine {
  readonly userId: string;
  readonly from: Sender | null;
  readonly content: Content;
  readonly timestamp: number;
}

type Row = { mid: string; sender: Sender; timestamp: number; status: Status; content: string };

/** The messages of all conversations, as the users see them. */
export class Threads {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append({ pageId, userId }: Conversation, message: ThreadMessage): void {
    const { mid, from, timestamp, status, ...content } = message;
    this.#sql.exec(
      `INSERT INTO messages (mid, page_id, user_id, sender, timestamp, status, content)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      mid,
      pageId,
      userId,
      from,
      timestamp,
      status,
      JSON.stringify(content),
    );
  }

  /** @returns All messages of the conversation, oldest first. */
  list({ pageId, userId }: Conversation): ThreadMessage[] {
    return this.#sql
      .exec<Row>(
        `SELECT mid, sender, timestamp, status, content FROM messages
         WHERE page_id = ? AND user_id = ? ORDER BY seq`,
        pageId,
        userId,
      )
      .toArray()
      .map(messageOf);
  }

  find({ pageId, userId }: Conversation, mid: string): ThreadMessage | null {
    const [row] = this.#sql
      .exec<Row>(
        `SELECT mid, sender, timestamp, status, content FROM messages
         WHERE mid = ? AND page_id = ? AND user_id = ?`,
        mid,
        pageId,
        userId,
      )
      .toArray();
    return row ? messageOf(row) : null;
  }

  /** Sets or, with null, removes the reaction on a message. */
  react({ reaction: _before, ...message }: ThreadMessage, reaction: Reaction | null): void {
    this.rewrite(reaction ? { ...message, reaction } : message);
  }

  /** Puts this in the place of what the message held; its side, time and status stay. */
  rewrite(message: ThreadMessage): void {
    const { mid, from: _from, timestamp: _timestamp, status: _status, ...content } = message;
    this.#sql.exec("UPDATE messages SET content = ? WHERE mid = ?", JSON.stringify(content), mid);
  }

  /** @returns The latest message of that side, or null if there is none. */
  latest({ pageId, userId }: Conversation, from: Sender): ThreadMessage | null {
    const [row] = this.#sql
      .exec<Row>(
        `SELECT mid, sender, timestamp, status, content FROM messages
         WHERE page_id = ? AND user_id = ? AND sender = ? ORDER BY seq DESC LIMIT 1`,
        pageId,
        userId,
        from,
      )
      .toArray();
    return row ? messageOf(row) : null;
  }

  /** Marks user messages whose webhook was accepted. What the page has seen already stays seen. */
  markDelivered(mids: readonly string[]): void {
    for (const mid of mids) {
      this.#sql.exec("UPDATE messages SET status = 'delivered' WHERE mid = ? AND status = 'sent'", mid);
    }
  }

  /**
   * @param upTo Only what was said up to then, in simulated milliseconds.
   * @returns Whether there was anything of that side which the other had not seen yet.
   */
  markSeen({ pageId, userId }: Conversation, from: Sender, upTo = Number.MAX_SAFE_INTEGER): boolean {
    const cursor = this.#sql.exec(
      `UPDATE messages SET status = 'seen'
       WHERE page_id = ? AND user_id = ? AND sender = ? AND timestamp <= ? AND status <> 'seen'`,
      pageId,
      userId,
      from,
      upTo,
    );
    return cursor.rowsWritten > 0;
  }

  /** @returns Each user's latest line with this page, latest first; users who never wrote come last. */
  lastLines(pageId: string, limit: number): LastLine[] {
    return this.#sql
      .exec<{ user_id: string; sender: Sender | null; content: string | null; timestamp: number | null }>(
        `SELECT users.user_id, sender, content, timestamp FROM users
         LEFT JOIN (SELECT user_id, max(seq) AS seq FROM messages WHERE page_id = ? GROUP BY user_id) AS latest
           ON latest.user_id = users.user_id
         LEFT JOIN messages ON messages.seq = latest.seq
         ORDER BY latest.seq DESC NULLS LAST, users.user_id LIMIT ?`,
        pageId,
        limit,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
        from: row.sender,
        content: JSON.parse(row.content ?? "{}"),
        timestamp: row.timestamp ?? 0,
      }));
  }
}

function messageOf(row: Row): ThreadMessage {
  const content: Content = JSON.parse(row.content);
  return { mid: row.mid, from: row.sender, timestamp: row.timestamp, status: row.status, ...content };
}
