/**
 * The conversation's tables, as numbered migrations. Append only: a released entry never changes
 * (test/conversation/migrations.test.ts freezes each one's hash). docs/storage.md describes every column.
 *
 * Written for the price list: a row written costs a thousand times a row read, and every index entry counts as one.
 * So there is one index (the dedupe key), and rows carry running values that would otherwise need a row of their own:
 * the newest row of each table tells where the conversation stands.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- What Meta sent. Shares its numbering with outbox: seq is the one order of the conversation.
  CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,      -- dedupe
    id TEXT NOT NULL,              -- what the bot sees
    type TEXT NOT NULL,
    at INTEGER NOT NULL,           -- Meta's time, ms
    received INTEGER NOT NULL,     -- ours, ms
    platform TEXT NOT NULL,
    forward INTEGER NOT NULL,      -- 1: goes to the bot
    raw TEXT NOT NULL,             -- JSON as Meta sent it
    window_at INTEGER,             -- running: last time the user opened the window, ms
    head INTEGER NOT NULL,         -- running: first event still waiting for the bot as of this row; 0 = none
    -- On the first event of a delivery only: the lease.
    delivery TEXT,                 -- webhook-id
    through INTEGER,               -- last event of the delivery
    attempt INTEGER,               -- 0 = not yet handed out
    leased INTEGER,                -- 1: that attempt is out
    due INTEGER,                   -- ms; lease deadline, or time of the next attempt
    began INTEGER,                 -- ms; since when it waits
    lost INTEGER,                  -- attempts whose run never reported
    failures TEXT,                 -- JSON array of the attempts that failed
    notes TEXT                     -- JSON: reaction, edits, taken back
  ) STRICT;

  -- What goes to the user: a row per answer of the bot, or per request to send. An answer without messages has its row
  -- too: it is the receipt for the events it answers. A dead letter is a row whose outcome says so.
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,           -- accepted, ms
    through INTEGER NOT NULL,      -- running: last event answered as of this row
    open_from INTEGER NOT NULL,    -- running: no entry before this one has anything left to do
    nonce TEXT NOT NULL,           -- part of the mark in message.metadata
    delivery TEXT NOT NULL,        -- webhook-id that it answers, or the request's id
    first INTEGER,                 -- that delivery's events
    last INTEGER,
    outcome TEXT NOT NULL,         -- answered | dead | sent (unasked)
    writer TEXT NOT NULL,          -- bot | human:<name of the key>
    untold INTEGER NOT NULL,       -- 1: the page is still to be told
    attempts TEXT NOT NULL,        -- JSON array: how the delivery went
    actions TEXT NOT NULL,         -- JSON array of sender actions before the first message
    messages TEXT NOT NULL,        -- JSON array of Send API bodies; never changes
    progress TEXT NOT NULL,        -- JSON array, one state per message
    -- The lease of the first unsettled message.
    open INTEGER NOT NULL,         -- 1: there is one
    attempt INTEGER NOT NULL,      -- 0 = not yet handed out
    leased INTEGER NOT NULL,       -- 1: that attempt is out
    due INTEGER NOT NULL,          -- ms; lease deadline, or time of the next attempt
    awaited INTEGER NOT NULL,      -- 1: someone waits for Meta's answer, so it is tried once
    notes TEXT                     -- JSON object by place of the message: reaction, edits
  ) STRICT;

  -- Deliveries that someone wants repeated.
  CREATE TABLE replay (
    delivery TEXT PRIMARY KEY,     -- webhook-id
    first INTEGER NOT NULL,
    through INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    leased INTEGER NOT NULL,
    due INTEGER NOT NULL,
    began INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    failures TEXT NOT NULL
  ) STRICT;

  -- What there is one of. Written when it changes, which an ordinary exchange does not.
  CREATE TABLE fact (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    state TEXT,                    -- the bot's JSON
    state_version INTEGER NOT NULL,
    state_refused TEXT,            -- why the bot's last state was not taken
    state_until INTEGER,           -- ms; when the state is forgotten, null = with the conversation
    owner TEXT NOT NULL,           -- bot | human | an app id | elsewhere
    owner_by TEXT NOT NULL,        -- meta | ours: whose word that is
    owner_since INTEGER NOT NULL,  -- ms
    human_at INTEGER NOT NULL,     -- ms; when a person wrote to the user last
    profile TEXT,                  -- JSON: what Meta tells of the user
    profile_due INTEGER NOT NULL,  -- ms; when Meta is asked again
    about TEXT NOT NULL,           -- JSON: referral, opt-ins, contact, …
    callbacks TEXT NOT NULL,       -- what the bot wants to hear of its messages: types, with spaces between
    delivered_at INTEGER NOT NULL, -- ms; what was sent until then has reached the user's device
    read_at INTEGER NOT NULL       -- ms; … has been read
  ) STRICT;
  `,
];

const VERSION_KEY = "schema";

/**
 * Brings the tables up to date. Synchronous, so nothing can be served in between; each step commits or none of it.
 * @returns whether they were just made, so that nothing can be in them
 */
export function migrate(storage: DurableObjectStorage): boolean {
  const version = versionOf(storage);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    storage.transactionSync(() => {
      storage.sql.exec(migration);
      // The first needs no record beyond its tables; a new conversation, the commonest case, is spared the write.
      if (index > 0) storage.kv.put(VERSION_KEY, index + 1);
    });
  }
  return version === 0;
}

function versionOf({ kv, sql }: DurableObjectStorage): number {
  const isFresh = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'event'").next().done === true;
  return isFresh ? 0 : (kv.get<number>(VERSION_KEY) ?? 1);
}
