/**
 * Everything the simulator remembers, beside three values in the object's key-value store: `settings`, `faults`
 * and `clock_offset_ms`. Times are milliseconds since 1970; those called `timestamp` or `last_user_at` are on the
 * simulated clock, all others on the real one.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS users (
    user_id TEXT PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS conversations (
    page_id TEXT NOT NULL, user_id TEXT NOT NULL,
    last_user_at INTEGER NOT NULL, typing_until INTEGER NOT NULL DEFAULT 0, user_ref TEXT,
    PRIMARY KEY (page_id, user_id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE,
    page_id TEXT NOT NULL, user_id TEXT NOT NULL, sender TEXT NOT NULL,
    timestamp INTEGER NOT NULL, status TEXT NOT NULL, content TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS messages_of_conversation ON messages (page_id, user_id, seq);

  CREATE TABLE IF NOT EXISTS waiting_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, page_id TEXT NOT NULL, user_id TEXT NOT NULL,
    mid TEXT, item TEXT NOT NULL, queued_at INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS waiting_events_of_page ON waiting_events (page_id, seq);

  CREATE TABLE IF NOT EXISTS posts (
    page_id TEXT PRIMARY KEY, post_id TEXT NOT NULL, body TEXT NOT NULL, mids TEXT NOT NULL,
    events INTEGER NOT NULL, attempt INTEGER NOT NULL, copies INTEGER NOT NULL,
    first_at INTEGER NOT NULL, next_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS attempts (seq INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
`;

const NAMES = ["users", "conversations", "messages", "waiting_events", "posts", "attempts"];

/** Creates what is missing; safe to call at every start. */
export function createTables(sql: SqlStorage): void {
  sql.exec(TABLES);
}

/** Forgets every row, and keeps the tables. */
export function emptyTables(sql: SqlStorage): void {
  for (const name of NAMES) sql.exec(`DELETE FROM ${name}`);
}
