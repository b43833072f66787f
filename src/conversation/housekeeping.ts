import { TIDY_EVERY_MS } from "./limits.ts";

/** Deleting what is older than the retention. Works on the tables of schema.ts. */

/**
 * When the oldest row has to go, ms; `null` when there is nothing. Rounded up to a day, so that a conversation is
 * visited once a day at most and its alarm isn't moved for every message.
 */
export function tidyDue(sql: SqlStorage, retentionMs: number): number | null {
  const [oldest] = sql
    .exec<{ at: number }>(
      `SELECT min(at) AS at FROM (
         SELECT * FROM (SELECT received AS at FROM event ORDER BY seq LIMIT 1)
         UNION ALL SELECT * FROM (SELECT at FROM outbox ORDER BY seq LIMIT 1))`,
    )
    .toArray();
  if (!oldest || oldest.at === null) return null;
  return Math.ceil((oldest.at + retentionMs) / TIDY_EVERY_MS) * TIDY_EVERY_MS;
}

/**
 * Deletes rows received before `cutoff` that nothing waits for.
 * @param keepFrom events and entries from this number on are in use
 * @returns whether nothing is left worth keeping: the whole conversation is past its time
 */
export function tidy(sql: SqlStorage, cutoff: number, keepFrom: number): boolean {
  const newest = sql
    .exec<{ at: number | null }>(
      `SELECT max(at) AS at FROM (
         SELECT * FROM (SELECT received AS at FROM event ORDER BY seq DESC LIMIT 1)
         UNION ALL SELECT * FROM (SELECT at FROM outbox ORDER BY seq DESC LIMIT 1))`,
    )
    .one();
  const last = sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM event").one().seq ?? 0;
  const lastEntry = sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM outbox").one().seq ?? 0;
  if ((newest.at ?? 0) < cutoff && keepFrom > Math.max(last, lastEntry)) return true;
  // The newest row of each table tells where the conversation stands: it stays.
  sql.exec("DELETE FROM event WHERE received < ? AND seq < ? AND seq < ?", cutoff, keepFrom, last);
  sql.exec("DELETE FROM outbox WHERE at < ? AND seq < ? AND seq < ?", cutoff, keepFrom, lastEntry);
  return false;
}
