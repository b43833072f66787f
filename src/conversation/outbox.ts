import { writeMark } from "./mark.ts";
import { firstUnsettled, type NewEntry, type OpenEntry } from "./position.ts";
import type { OutgoingBody } from "./work.ts";

type OpenRow = { seq: number; nonce: string; progress: string; attempt: number; leased: number; due: number };

/** The outbox table: what goes to the user, in the order it was accepted. */
export class Outbox {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The running values of the newest row. */
  last(): { seq: number; through: number; openFrom: number } {
    const [last] = this.#sql
      .exec<{ seq: number; through: number; openFrom: number }>(
        "SELECT seq, through, open_from AS openFrom FROM outbox ORDER BY seq DESC LIMIT 1",
      )
      .toArray();
    return last ?? { seq: 0, through: 0, openFrom: 0 };
  }

  /** Entries with messages still to settle, oldest first. */
  open(from: number): OpenEntry[] {
    return this.#sql
      .exec<OpenRow>(
        "SELECT seq, nonce, progress, attempt, leased, due FROM outbox WHERE seq >= ? AND open = 1 ORDER BY seq",
        from,
      )
      .toArray()
      .map((row) => ({ ...row, leased: row.leased === 1, progress: JSON.parse(row.progress) }));
  }

  append({ entry, at, through, openFrom, delivery, outcome, attempts, actions, messages }: NewEntry): void {
    this.#sql.exec(
      `INSERT INTO outbox
         (seq, at, through, open_from, nonce, delivery, outcome, attempts, actions, messages, progress,
          open, attempt, leased, due)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.seq,
      at,
      through,
      openFrom,
      entry.nonce,
      delivery,
      outcome,
      JSON.stringify(attempts),
      JSON.stringify(actions),
      JSON.stringify(messages),
      JSON.stringify(entry.progress),
      isOpen(entry),
      entry.attempt,
      Number(entry.leased),
      entry.due,
    );
  }

  save(entry: OpenEntry): void {
    this.#sql.exec(
      "UPDATE outbox SET progress = ?, open = ?, attempt = ?, leased = ?, due = ? WHERE seq = ?",
      JSON.stringify(entry.progress),
      isOpen(entry),
      entry.attempt,
      Number(entry.leased),
      entry.due,
      entry.seq,
    );
  }

  /** The message an entry is at, with our mark in its metadata, and the actions that go before it. */
  next(entry: OpenEntry): { index: number; body: OutgoingBody; actions: string[] } {
    const index = firstUnsettled(entry);
    const row = this.#sql
      .exec<{ messages: string; actions: string }>(
        "SELECT messages, actions FROM outbox WHERE seq = ?",
        entry.seq,
      )
      .one();
    const messages: OutgoingBody[] = JSON.parse(row.messages);
    const body = messages[index] ?? {};
    // Typing dots that come back on a retry would only puzzle the user.
    const actions: string[] = index === 0 && entry.attempt === 1 ? JSON.parse(row.actions) : [];
    const { message } = body;
    if (message === null || typeof message !== "object") return { index, body, actions };
    const own = "metadata" in message ? message.metadata : undefined;
    const metadata = writeMark({ entry: entry.seq, index, nonce: entry.nonce }, own);
    return { index, body: { ...body, message: { ...message, metadata } }, actions };
  }
}

const isOpen = (entry: OpenEntry): number => (firstUnsettled(entry) === -1 ? 0 : 1);
