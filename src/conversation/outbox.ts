import { type OwnMessage, ownMessage } from "./callbacks.ts";
import type { Past } from "./deliveries.ts";
import type { Facts } from "./facts.ts";
import { type Annotation, annotate, type Notes } from "./notes.ts";
import {
  type Attempt,
  firstUnsettled,
  type MessageState,
  type NewEntry,
  type OpenEntry,
  type Writer,
} from "./position.ts";
import { type DeliveryView, messageView } from "./views.ts";
import type { Letter, OutgoingBody } from "./work.ts";

type OpenRow = {
  at: number;
  seq: number;
  nonce: string;
  progress: string;
  attempt: number;
  leased: number;
  due: number;
  awaited: number;
};
type ViewRow = {
  first: number;
  last: number;
  outcome: "answered" | "dead";
  at: number;
  attempts: string;
  messages: string;
  progress: string;
};

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
        "SELECT seq, at, nonce, progress, attempt, leased, due, awaited FROM outbox WHERE seq >= ? AND open = 1 ORDER BY seq",
        from,
      )
      .toArray()
      .map(({ awaited, leased, progress, ...row }) => ({
        ...row,
        leased: leased === 1,
        isAwaited: awaited === 1,
        progress: JSON.parse(progress),
      }));
  }

  append(added: NewEntry): void {
    const { entry, through, openFrom, origin, outcome, writer, attempts, actions, messages, untold } = added;
    this.#sql.exec(
      `INSERT INTO outbox
         (seq, at, through, open_from, nonce, delivery, first, last, outcome, writer, untold, attempts, actions,
          messages, progress, open, attempt, leased, due, awaited)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.seq,
      entry.at,
      through,
      openFrom,
      entry.nonce,
      origin.id,
      origin.first,
      origin.last,
      outcome,
      writer,
      Number(untold),
      JSON.stringify(attempts),
      JSON.stringify(actions),
      JSON.stringify(messages),
      JSON.stringify(entry.progress),
      isOpen(entry),
      entry.attempt,
      Number(entry.leased),
      entry.due,
      Number(entry.isAwaited),
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

  /** Entries of which the page hasn't been told, oldest first. */
  untold(from: number): number[] {
    return this.#sql
      .exec<{ seq: number }>("SELECT seq FROM outbox WHERE seq >= ? AND untold = 1 ORDER BY seq", from)
      .toArray()
      .map(({ seq }) => seq);
  }

  told(entries: readonly number[]): void {
    for (const seq of entries) this.#sql.exec("UPDATE outbox SET untold = 0 WHERE seq = ?", seq);
  }

  letters(entries: readonly number[]): Letter[] {
    return entries.map((seq) => {
      const row = this.#sql
        .exec<{ delivery: string; outcome: "answered" | "dead"; at: number; attempts: string }>(
          "SELECT delivery, outcome, at, attempts FROM outbox WHERE seq = ?",
          seq,
        )
        .one();
      const attempts: Attempt[] = JSON.parse(row.attempts);
      const last = attempts.at(-1);
      const { delivery, outcome, at } = row;
      return {
        entry: seq,
        delivery,
        outcome,
        at,
        status: last?.status ?? null,
        reason: last?.reason ?? null,
      };
    });
  }

  /** A delivery that is over. */
  past(delivery: string): Past | undefined {
    const [row] = this.#sql
      .exec<{ first: number; last: number; attempts: number }>(
        `SELECT first, last, json_array_length(attempts) AS attempts FROM outbox
         WHERE delivery = ? AND outcome <> 'sent' ORDER BY seq DESC LIMIT 1`,
        delivery,
      )
      .toArray();
    return row && { id: delivery, ...row };
  }

  /** A delivery that is over, as people see it: its latest outcome. */
  view(
    delivery: string,
    facts: Facts,
  ): { first: number; last: number; shown: Omit<DeliveryView, "events"> } | null {
    const [row] = this.#sql
      .exec<ViewRow>(
        `SELECT first, last, outcome, at, attempts, messages, progress FROM outbox
         WHERE delivery = ? AND outcome <> 'sent' ORDER BY seq DESC LIMIT 1`,
        delivery,
      )
      .toArray();
    if (!row) return null;
    const { first, last, outcome, at } = row;
    const bodies: OutgoingBody[] = JSON.parse(row.messages);
    const states: MessageState[] = JSON.parse(row.progress);
    const messages = states.map((state, index) => messageView(bodies[index] ?? {}, state, facts));
    return {
      first,
      last,
      shown: { id: delivery, outcome, at, attempts: JSON.parse(row.attempts), messages },
    };
  }

  /** When a message of ours was sent, by Meta's id for it; looked for among the newest `reach` entries. */
  sentAt(mid: string, reach: number): number | undefined {
    const rows = this.#sql.exec<{ progress: string }>(
      "SELECT progress FROM outbox ORDER BY seq DESC LIMIT ?",
      reach,
    );
    for (const { progress } of rows) {
      if (!progress.includes(mid)) continue;
      const states: MessageState[] = JSON.parse(progress);
      const found = states.find((state) => state.status === "sent" && state.mid === mid);
      if (found?.status === "sent") return found.at;
    }
    return undefined;
  }

  /** Notes what has become of a message of ours, looked for among the newest `reach` entries. */
  annotate(annotation: Annotation, at: number, reach: number): void {
    const rows = this.#sql.exec<{ seq: number; progress: string; notes: string | null }>(
      "SELECT seq, progress, notes FROM outbox ORDER BY seq DESC LIMIT ?",
      reach,
    );
    for (const { seq, progress, notes } of rows) {
      if (!progress.includes(annotation.mid)) continue;
      const states: MessageState[] = JSON.parse(progress);
      const index = states.findIndex((state) => state.status === "sent" && state.mid === annotation.mid);
      if (index < 0) continue;
      const all: Record<string, Notes> = notes === null ? {} : JSON.parse(notes);
      const next = { ...all, [index]: annotate(all[index] ?? {}, annotation, at) };
      this.#sql.exec("UPDATE outbox SET notes = ? WHERE seq = ?", JSON.stringify(next), seq);
      return;
    }
  }

  /** How the message stands that is the only one of its entry. */
  state(entry: number): MessageState | undefined {
    const [row] = this.#sql
      .exec<{ progress: string }>("SELECT progress FROM outbox WHERE seq = ?", entry)
      .toArray();
    const states: MessageState[] = row ? JSON.parse(row.progress) : [];
    return states[0];
  }

  /** Messages that were sent after one time and until another, oldest first, among the newest `reach` entries. */
  sentBetween(conversation: string, after: number, until: number, reach: number): OwnMessage[] {
    return this.#sql
      .exec<OwnRow>(
        "SELECT seq, delivery, messages, progress FROM outbox WHERE messages <> '[]' ORDER BY seq DESC LIMIT ?",
        reach,
      )
      .toArray()
      .reverse()
      .flatMap((row) => ownMessages(conversation, row, after, until));
  }

  /** What an entry says, and what it answers. */
  contents(entry: number): Pick<NewEntry, "messages" | "actions" | "writer" | "origin"> {
    type Row = NewEntry["origin"] & { messages: string; actions: string; writer: Writer };
    const { id, first, last, messages, actions, writer } = this.#sql
      .exec<Row>(
        "SELECT delivery AS id, first, last, messages, actions, writer FROM outbox WHERE seq = ?",
        entry,
      )
      .one();
    const origin = { id, first, last };
    return { messages: JSON.parse(messages), actions: JSON.parse(actions), writer, origin };
  }

  /** The entry a request has made; requests are recognised by their ids. @param after the number to look from */
  ofRequest(id: string, after: number): number | undefined {
    const [row] = this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM outbox WHERE seq > ? AND delivery = ? AND outcome = 'sent' ORDER BY seq DESC LIMIT 1",
        after,
        id,
      )
      .toArray();
    return row?.seq;
  }
}

type OwnRow = { seq: number; delivery: string; messages: string; progress: string };

/** Those of an entry that were sent after one time and until another. */
function ownMessages(
  conversation: string,
  { seq, delivery, messages, progress }: OwnRow,
  after: number,
  until: number,
): OwnMessage[] {
  const states: MessageState[] = JSON.parse(progress);
  const bodies: OutgoingBody[] = JSON.parse(messages);
  return states.flatMap((state, index) => {
    const body = bodies[index] ?? {};
    const isMeant = state.status === "sent" && state.at > after && state.at <= until;
    if (!isMeant || body["message"] === undefined) return [];
    return [ownMessage(conversation, { entry: seq, index, delivery }, body, state.mid)];
  });
}

const isOpen = (entry: OpenEntry): number => (firstUnsettled(entry) === -1 ? 0 : 1);
