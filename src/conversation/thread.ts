import type { Facts } from "./facts.ts";
import { readMark } from "./mark.ts";
import type { Notes } from "./notes.ts";
import type { MessageState, Writer } from "./position.ts";
import { messageView } from "./views.ts";
import type { OutgoingBody, Platform } from "./work.ts";

/** A message of either side, as people read a conversation. Crosses the RPC border: plain data only. */
export interface ThreadMessage {
  /** Meta's mid of what came in; `<entry>.<place>` of what went out. */
  id: string;
  from: "user" | "bot" | "human" | "app" | "inbox";
  /** The name of the key a person wrote with, or the id of the app. */
  author: string | null;
  /** ms */
  at: number;
  /** `received`, or a message state. */
  status: string;
  mid: string | null;
  /** What was said: Meta's event, or the Send API body. JSON text. */
  content: string;
  notes: Notes;
  code: string | null;
  reason: string | null;
}

export interface ThreadPage {
  /** Oldest first. */
  messages: ThreadMessage[];
  /** Where older ones begin; `null` when there are none. */
  before: number | null;
  platform: Platform;
}

type EventRow = { seq: number; id: string; type: string; at: number; raw: string; notes: string | null };
type OutboxRow = {
  seq: number;
  at: number;
  writer: Writer;
  messages: string;
  progress: string;
  notes: string | null;
};
interface Row {
  seq: number;
  messages: ThreadMessage[];
}

/** The newest messages before a number, whole answers at a time: at least `limit` of them, if there are as many. */
export function readThread(
  sql: SqlStorage,
  facts: Facts,
  platform: Platform,
  before: number | null,
  limit: number,
): ThreadPage {
  const end = before ?? Number.MAX_SAFE_INTEGER;
  const came = sql
    .exec<EventRow>(
      `SELECT seq, id, type, at, raw, notes FROM event
       WHERE seq < ? AND type IN ('message', 'postback', 'echo') ORDER BY seq DESC LIMIT ?`,
      end,
      limit + 1,
    )
    .toArray();
  const went = sql
    .exec<OutboxRow>(
      `SELECT seq, at, writer, messages, progress, notes FROM outbox
       WHERE seq < ? AND messages <> '[]' ORDER BY seq DESC LIMIT ?`,
      end,
      limit + 1,
    )
    .toArray();
  const rows = [...came.map(received), ...went.map((row) => written(row, facts))].sort(
    (a, b) => b.seq - a.seq,
  );
  // Past the end of the shorter list, the other's rows may have gaps between them.
  const reached = Math.max(
    came.length > limit ? (came.at(-1)?.seq ?? 0) : 0,
    went.length > limit ? (went.at(-1)?.seq ?? 0) : 0,
  );
  const taken: Row[] = [];
  let count = 0;
  for (const row of rows) {
    if (count >= limit || row.seq < reached) break;
    taken.push(row);
    count += row.messages.length;
  }
  const oldest = taken.at(-1);
  return {
    messages: taken.reverse().flatMap((row) => row.messages),
    before: oldest && taken.length < rows.length ? oldest.seq : null,
    platform,
  };
}

/** The messages of one outbox entry. */
export function readEntry(sql: SqlStorage, facts: Facts, entry: number): ThreadMessage[] {
  const row = sql
    .exec<OutboxRow>("SELECT seq, at, writer, messages, progress, notes FROM outbox WHERE seq = ?", entry)
    .one();
  return written(row, facts).messages;
}

function received({ seq, id, type, at, raw, notes }: EventRow): Row {
  const from = type === "echo" ? writerOf(raw) : { from: "user" as const, author: null };
  // Our own are shown as what they were sent as.
  if (!from) return { seq, messages: [] };
  const known = { status: "received", content: raw, notes: parseNotes(notes), code: null, reason: null };
  return { seq, messages: [{ id, ...from, at, mid: id, ...known }] };
}

function writerOf(raw: string): { from: "app" | "inbox"; author: string | null } | undefined {
  const { message }: { message?: { metadata?: string; app_id?: string | number | null } } = JSON.parse(raw);
  if (readMark(message?.metadata)) return undefined;
  const app = message?.app_id;
  return app == null ? { from: "inbox", author: null } : { from: "app", author: String(app) };
}

function written({ seq, at, writer, messages, progress, notes }: OutboxRow, facts: Facts): Row {
  const states: MessageState[] = JSON.parse(progress);
  const bodies: OutgoingBody[] = JSON.parse(messages);
  const marginalia: Record<string, Notes> = notes === null ? {} : JSON.parse(notes);
  const from = writer === "bot" ? "bot" : "human";
  const author = writer === "bot" ? null : writer.slice("human:".length);
  const shown = states.map((state, index) => {
    const { body, at: doneAt, ...view } = messageView(bodies[index] ?? {}, state, facts);
    return {
      id: `${seq}.${index}`,
      from,
      author,
      at: doneAt ?? at,
      content: body,
      notes: marginalia[index] ?? {},
      ...view,
    } satisfies ThreadMessage;
  });
  return { seq, messages: shown.filter((_, index) => bodies[index]?.["message"] !== undefined) };
}

const parseNotes = (notes: string | null): Notes => (notes === null ? {} : JSON.parse(notes));
