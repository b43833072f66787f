import type { Facts } from "./facts.ts";
import type { Attempt, MessageState, Position, Writer } from "./position.ts";
import type { Platform } from "./work.ts";

/** A conversation as it is stored, for who wants to see all of it or take it elsewhere. Crosses the RPC border: plain data only. */
export interface ExportPage {
  /** Whether anything has happened in it. */
  exists: boolean;
  platform: Platform;
  /** ms */
  windowAt: number | null;
  facts: Facts;
  /** Oldest first. */
  rows: ExportedRow[];
  /** Where the next page begins: after this number; `null` when that was all. */
  next: number | null;
}

export type ExportedRow = ExportedEvent | ExportedEntry;

/** What Meta sent. */
interface ExportedEvent {
  kind: "event";
  seq: number;
  id: string;
  type: string;
  /** Meta's time, ms. */
  at: number;
  /** Ours, ms. */
  received: number;
  platform: Platform;
  /** Whether it goes to the bot. */
  forward: boolean;
  /** JSON text. */
  raw: string;
  /** What became of the message, as JSON text. */
  notes: string | null;
  /** Attempts that failed, of a delivery that begins with it and goes on. */
  failures: Attempt[];
}

/** What the page wrote, or how the bot was asked. */
interface ExportedEntry {
  kind: "entry";
  seq: number;
  /** ms */
  at: number;
  /** The delivery it answers, or the request's id. */
  delivery: string;
  outcome: "answered" | "dead" | "sent";
  writer: Writer;
  attempts: Attempt[];
  actions: string[];
  /** Send API bodies, as JSON text of the list. */
  messages: string;
  progress: MessageState[];
  /** By place, as JSON text. */
  notes: string | null;
}

type EventRow = Omit<ExportedEvent, "kind" | "forward" | "failures"> & {
  forward: number;
  failures: string | null;
};
type EntryRow = Omit<ExportedEntry, "kind" | "attempts" | "actions" | "progress"> & {
  attempts: string;
  actions: string;
  progress: string;
};

/** A page ends with the row that makes it longer than this, in characters. */
const MAX_CHARS = 1024 * 1024;

/** At most `limit` rows of either table after number `after`, oldest first and without gaps. */
export function exportRows(
  sql: SqlStorage,
  { seq, platform, windowAt }: Position,
  facts: Facts,
  after: number,
  limit: number,
): ExportPage {
  const events = sql.exec<EventRow & Record<string, SqlStorageValue>>(
    `SELECT seq, id, type, at, received, platform, forward, raw, notes, failures FROM event
     WHERE seq > ? ORDER BY seq LIMIT ?`,
    after,
    limit,
  );
  const entries = sql.exec<EntryRow & Record<string, SqlStorageValue>>(
    `SELECT seq, at, delivery, outcome, writer, attempts, actions, messages, progress, notes FROM outbox
     WHERE seq > ? ORDER BY seq LIMIT ?`,
    after,
    limit,
  );
  const came = taken(events, limit, ({ raw }) => raw.length);
  const went = taken(entries, limit, ({ messages }) => messages.length);
  // Past the end of a table that was cut off, the other's rows may have gaps between them.
  const end = Math.min(came.end, went.end);
  const rows = [...came.rows.map(eventIn), ...went.rows.map(entryIn)]
    .filter((row) => row.seq <= end)
    .sort((a, b) => a.seq - b.seq);
  return {
    exists: seq > 0,
    platform,
    windowAt,
    facts,
    rows,
    next: end < seq ? end : null,
  };
}

/** As many as may be held at once. @returns also how far they go */
function taken<Row extends { seq: number }>(
  cursor: Iterable<Row>,
  limit: number,
  sizeOf: (row: Row) => number,
): { rows: Row[]; end: number } {
  const rows: Row[] = [];
  let size = 0;
  for (const row of cursor) {
    rows.push(row);
    size += sizeOf(row);
    if (rows.length === limit || size > MAX_CHARS) return { rows, end: row.seq };
  }
  return { rows, end: Number.MAX_SAFE_INTEGER };
}

const eventIn = ({ forward, failures, ...row }: EventRow): ExportedEvent => ({
  kind: "event",
  ...row,
  forward: forward === 1,
  failures: failures === null ? [] : JSON.parse(failures),
});

const entryIn = ({ attempts, actions, progress, ...row }: EntryRow): ExportedEntry => ({
  kind: "entry",
  ...row,
  attempts: JSON.parse(attempts),
  actions: JSON.parse(actions),
  progress: JSON.parse(progress),
});
