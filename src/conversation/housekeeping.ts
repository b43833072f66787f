import { TIDY_EVERY_MS } from "./limits.ts";

/** Deleting what is older than the retention. Works on the tables of schema.ts. */

interface Ends {
  oldest: { seq: number; at: number };
  newest: { seq: number; at: number };
}

/** A table's oldest and newest row, by number; `null` when it is empty. */
function endsOf(sql: SqlStorage, table: "event" | "outbox"): Ends | null {
  const time = table === "event" ? "received" : "at";
  const row = (order: "ASC" | "DESC") =>
    sql
      .exec<{ seq: number; at: number }>(
        `SELECT seq, ${time} AS at FROM ${table} ORDER BY seq ${order} LIMIT 1`,
      )
      .toArray()[0];
  const [oldest, newest] = [row("ASC"), row("DESC")];
  return oldest && newest ? { oldest, newest } : null;
}

/**
 * When something has to go, ms; `null` when there is nothing. The newest row of each table tells where the conversation
 * stands: it goes only with everything else. Once a day, so that the alarm isn't moved for every message.
 * @param timeOfDay when, ms after midnight UTC: not all conversations at once
 */
export function tidyDue(sql: SqlStorage, retentionMs: number, timeOfDay: number): number | null {
  const event = endsOf(sql, "event");
  const outbox = endsOf(sql, "outbox");
  const tables = [event, outbox].filter((ends) => ends !== null);
  if (tables.length === 0) return null;
  const times = [Math.max(...tables.map(({ newest }) => newest.at))];
  if (outbox && outbox.oldest.seq < outbox.newest.seq) times.push(outbox.oldest.at);
  // A replay's row may keep older ones: that costs a look in vain, now and then.
  const [kept] = sql
    .exec<{ first: number }>("SELECT first FROM outbox WHERE first IS NOT NULL ORDER BY seq LIMIT 1")
    .toArray();
  const isKept = event !== null && kept !== undefined && event.oldest.seq >= kept.first;
  if (event && !isKept && event.oldest.seq < event.newest.seq) times.push(event.oldest.at);
  const days = Math.ceil((Math.min(...times) + retentionMs - timeOfDay) / TIDY_EVERY_MS);
  return days * TIDY_EVERY_MS + timeOfDay;
}

/**
 * Deletes what was received before `cutoff` and nothing waits for. Events that a delivery on record is made of stay as long
 * as its record: a replay takes all of them or none.
 * @param keepFrom events and entries from this number on are in use
 * @returns whether nothing is left worth keeping: the whole conversation is past its time
 */
export function tidy(sql: SqlStorage, cutoff: number, keepFrom: number): boolean {
  const event = endsOf(sql, "event");
  const outbox = endsOf(sql, "outbox");
  const newest = [event?.newest, outbox?.newest].filter((row) => row !== undefined);
  if (newest.every(({ at, seq }) => at < cutoff && seq < keepFrom)) return true;
  sql.exec(
    "DELETE FROM outbox WHERE at < ? AND seq < ? AND seq < ?",
    cutoff,
    keepFrom,
    outbox?.newest.seq ?? 0,
  );
  sql.exec(
    `DELETE FROM event WHERE received < ? AND seq < ? AND seq < ?
       AND seq < (SELECT coalesce(min(first), 9007199254740991) FROM outbox)`,
    cutoff,
    keepFrom,
    event?.newest.seq ?? 0,
  );
  return false;
}
