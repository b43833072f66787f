/**
 * Everything the simulator remembers, beside what is in the object's key-value store: `settings`, `faults`,
 * `clock_offset_ms`, `page:…`, `profile:…`, `subscription:…` and `login:…`. Times are milliseconds since 1970.
 * Those of people and pages (`timestamp`, `last_user_at`, and all of grants and owners) are on the simulated
 * clock, all others on the real one.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS users (
    user_id TEXT PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS conversations (
    page_id TEXT NOT NULL, user_id TEXT NOT NULL,
    last_user_at INTEGER NOT NULL, typing_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (page_id, user_id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE,
    page_id TEXT NOT NULL, user_id TEXT NOT NULL, sender TEXT NOT NULL,
    timestamp INTEGER NOT NULL, status TEXT NOT NULL, content TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS messages_of_conversation ON messages (page_id, user_id, seq);

  CREATE TABLE IF NOT EXISTS waiting_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, page_id TEXT NOT NULL, object TEXT NOT NULL, channel TEXT NOT NULL,
    grouping TEXT NOT NULL, mid TEXT, item TEXT NOT NULL, hop_context TEXT NOT NULL, queued_at INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS waiting_items_of_page ON waiting_items (page_id, seq);

  CREATE TABLE IF NOT EXISTS posts (
    page_id TEXT PRIMARY KEY, post_id TEXT NOT NULL, body TEXT NOT NULL, mids TEXT NOT NULL,
    events INTEGER NOT NULL, attempt INTEGER NOT NULL, copies INTEGER NOT NULL,
    first_at INTEGER NOT NULL, next_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS traits (user_id TEXT PRIMARY KEY, traits TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS grants (
    kind TEXT NOT NULL, token TEXT NOT NULL, page_id TEXT NOT NULL, user_id TEXT NOT NULL,
    given_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, uses INTEGER NOT NULL DEFAULT 0,
    used_at INTEGER NOT NULL DEFAULT 0, stopped INTEGER NOT NULL DEFAULT 0, pause_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, token)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS owners (
    page_id TEXT NOT NULL, user_id TEXT NOT NULL, app_id TEXT NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (page_id, user_id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS actions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, page_id TEXT NOT NULL, user_id TEXT NOT NULL,
    action TEXT NOT NULL, at INTEGER NOT NULL, ended_at INTEGER, ended_by TEXT
  );
  CREATE INDEX IF NOT EXISTS actions_of_conversation ON actions (page_id, user_id, seq);

  CREATE TABLE IF NOT EXISTS attachments (
    attachment_id TEXT PRIMARY KEY, page_id TEXT NOT NULL, type TEXT NOT NULL, url TEXT
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS fetches (
    page_id TEXT NOT NULL, url TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (page_id, url)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS personas (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, persona_id TEXT NOT NULL UNIQUE, page_id TEXT NOT NULL,
    name TEXT NOT NULL, profile_picture_url TEXT NOT NULL
  );

  CREATE TABLE IF NOT EXISTS menus (
    page_id TEXT NOT NULL, user_id TEXT NOT NULL, menu TEXT NOT NULL, PRIMARY KEY (page_id, user_id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS calls (seq INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);

  CREATE TABLE IF NOT EXISTS attempts (seq INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
`;

const NAMES = [
  "users",
  "traits",
  "conversations",
  "messages",
  "grants",
  "owners",
  "actions",
  "attachments",
  "fetches",
  "personas",
  "menus",
  "waiting_items",
  "posts",
  "calls",
  "attempts",
];

/** Creates what is missing; safe to call at every start. */
export function createTables(sql: SqlStorage): void {
  sql.exec(TABLES);
}

/** Forgets every row, and keeps the tables. */
export function emptyTables(sql: SqlStorage): void {
  for (const name of NAMES) sql.exec(`DELETE FROM ${name}`);
}
