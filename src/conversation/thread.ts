import { META_INBOXES } from "../ids.ts";
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
  const { messages, end } = readBack(sql, facts, before ?? Number.MAX_SAFE_INTEGER, limit);
  const isMore = end !== null && readBack(sql, facts, end, 1).messages.length > 0;
  return { messages, before: isMore ? end : null, platform };
}

/**
 * What was said before a delivery: by the user until its first event, by the page until now, since it may have answered
 * what came before only when that event was there already. Oldest first, at least the newest `limit` if there are as many.
 * @param first the number of that event
 * @param through of the last event that was answered: an older delivery is a replay, and what came after isn't before it
 */
export function readTalk(
  sql: SqlStorage,
  facts: Facts,
  first: number,
  through: number,
  limit: number,
): ThreadMessage[] {
  const { messages } = readBack(sql, facts, first, limit);
  return first > through ? [...messages, ...saidByPage(sql, facts, first, limit)] : messages;
}

function saidByPage(sql: SqlStorage, facts: Facts, from: number, limit: number): ThreadMessage[] {
  const came = sql.exec<EventRow>(
    `SELECT seq, id, type, at, raw, notes FROM event
     WHERE seq >= ? AND type = 'echo' ORDER BY seq DESC LIMIT ?`,
    from,
    limit,
  );
  const went = sql.exec<OutboxRow>(
    `SELECT seq, at, writer, messages, progress, notes FROM outbox
     WHERE seq >= ? AND messages <> '[]' ORDER BY seq DESC LIMIT ?`,
    from,
    limit,
  );
  return [...came.toArray().map(received), ...went.toArray().map((row) => written(row, facts))]
    .sort((a, b) => a.seq - b.seq)
    .flatMap(({ messages }) => messages);
}

/** @returns also where older ones would begin; `null`: all has been read */
function readBack(sql: SqlStorage, facts: Facts, before: number, limit: number) {
  let messages: ThreadMessage[] = [];
  let end: number | null = before;
  // Not every row is a message: a look may find few.
  while (end !== null && messages.length < limit) {
    const { rows, reached } = newestRows(sql, facts, end, limit);
    end = reached;
    for (const row of rows) {
      messages = [...row.messages, ...messages];
      if (messages.length < limit) continue;
      end = row.seq;
      break;
    }
  }
  return { messages, end };
}

/** Rows before a number, newest first, without gaps. @returns also how far down they go; `null`: to the first */
function newestRows(sql: SqlStorage, facts: Facts, end: number, limit: number) {
  const came = sql
    .exec<EventRow>(
      `SELECT seq, id, type, at, raw, notes FROM event
       WHERE seq < ? AND type IN ('message', 'postback', 'echo') ORDER BY seq DESC LIMIT ?`,
      end,
      limit,
    )
    .toArray();
  const went = sql
    .exec<OutboxRow>(
      `SELECT seq, at, writer, messages, progress, notes FROM outbox
       WHERE seq < ? AND messages <> '[]' ORDER BY seq DESC LIMIT ?`,
      end,
      limit,
    )
    .toArray();
  // Past the end of a list that was cut off, the other's rows may have gaps between them.
  const cuts = [came, went].flatMap((list) => (list.length < limit ? [] : (list.at(-1)?.seq ?? [])));
  const reached = cuts.length === 0 ? null : Math.max(...cuts);
  const rows = [...came.map(received), ...went.map((row) => written(row, facts))]
    .filter((row) => row.seq >= (reached ?? 0) && row.messages.length > 0)
    .sort((a, b) => b.seq - a.seq);
  return { rows, reached };
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
  return app == null || META_INBOXES.has(String(app))
    ? { from: "inbox", author: null }
    : { from: "app", author: String(app) };
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
