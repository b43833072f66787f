import { wipe } from "../../privacy/wiping.ts";

/**
 * People's requests to have their data deleted, as Meta passes them on, and how far they are. Who asked is known while the
 * work goes on, and not a moment longer.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deletion (
    code TEXT PRIMARY KEY,         -- 128 random bits in hex: whoever has it may know the rest of the row
    mark TEXT NOT NULL UNIQUE,     -- keyed hash of Meta's request: a repeated one is recognised by it
    app_id TEXT,
    state TEXT NOT NULL,           -- received | done | not_matched | failed
    conversations INTEGER NOT NULL,-- how many were deleted
    received_at INTEGER NOT NULL,  -- ms
    ended_at INTEGER               -- ms
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS deletion_person (
    code TEXT PRIMARY KEY,
    person TEXT NOT NULL,          -- the id by which the app knows them
    attempts INTEGER NOT NULL,     -- that failed
    due INTEGER NOT NULL           -- ms; when the next is made
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS deauthorization (
    mark TEXT PRIMARY KEY,         -- as above
    expires_at INTEGER NOT NULL    -- ms; when Meta's request is too old to be repeated
  ) STRICT, WITHOUT ROWID;
`;

export interface Deletion {
  state: "received" | "done" | "not_matched" | "failed";
  /** How many conversations were deleted. */
  conversations: number;
  /** ms */
  receivedAt: number;
  endedAt: number | null;
}

export interface DeletionDue {
  code: string;
  /** `null`: the app's id isn't configured. */
  app: string | null;
  /** The id by which the app knows them. */
  person: string;
}

/** How a try has ended. */
export interface DeletionTried {
  /** `received`: something couldn't be reached. */
  state: "done" | "not_matched" | "received";
  /** How many conversations it has deleted. */
  conversations: number;
}

/** What Meta passes on. */
export interface DeletionRequest {
  /** What a repeated one is recognised by. */
  mark: string;
  app: string | null;
  person: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Tried for so long, ms; the law gives a month, and whoever asked must still have time to ask otherwise. */
const TRIED_FOR_MS = 14 * DAY_MS;
const LONGEST_WAIT_MS = 6 * 60 * MINUTE_MS;
/** How long an ended one is on record, ms. */
const KEPT_MS = 366 * DAY_MS;
/** Worked on in one go; the next go follows at once. */
const AT_ONCE = 5;

type Row = { state: Deletion["state"]; conversations: number; received_at: number; ended_at: number | null };

export class Deletions {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
  }

  /** @returns its code: that of the first, if it is repeated */
  receive({ mark, app, person }: DeletionRequest, now: number): string {
    this.#sql.exec("DELETE FROM deletion WHERE ended_at < ?", now - KEPT_MS);
    const [known] = this.#sql
      .exec<{ code: string }>("SELECT code FROM deletion WHERE mark = ?", mark)
      .toArray();
    if (known) return known.code;
    const code = crypto.getRandomValues(new Uint8Array(16)).toHex();
    this.#sql.exec(
      `INSERT INTO deletion (code, mark, app_id, state, conversations, received_at)
       VALUES (?, ?, ?, 'received', 0, ?)`,
      code,
      mark,
      app,
      now,
    );
    this.#sql.exec("INSERT INTO deletion_person VALUES (?, ?, 0, ?)", code, person, now);
    return code;
  }

  find(code: string): Deletion | null {
    const [row] = this.#sql
      .exec<Row>("SELECT state, conversations, received_at, ended_at FROM deletion WHERE code = ?", code)
      .toArray();
    if (!row) return null;
    const { state, conversations, received_at: receivedAt, ended_at: endedAt } = row;
    return { state, conversations, receivedAt, endedAt };
  }

  due(now: number): DeletionDue[] {
    return this.#sql
      .exec<{ code: string; app: string | null; person: string }>(
        `SELECT code, app_id AS app, person FROM deletion_person JOIN deletion USING (code)
         WHERE due <= ? ORDER BY due LIMIT ?`,
        now,
        AT_ONCE,
      )
      .toArray();
  }

  /** When there is something to do, ms. */
  nextDue(): number | null {
    return this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM deletion_person").one().due;
  }

  /** A try has ended: the request is answered, or tried again, or given up. @returns how it stands */
  tried(code: string, { state, conversations }: DeletionTried, now: number): Deletion["state"] {
    this.#sql.exec(
      "UPDATE deletion SET conversations = conversations + ? WHERE code = ?",
      conversations,
      code,
    );
    if (state !== "received") return this.#end(code, state, now);
    const { attempts, receivedAt } = this.#sql
      .exec<{ attempts: number; receivedAt: number }>(
        `SELECT attempts, received_at AS receivedAt FROM deletion_person JOIN deletion USING (code) WHERE code = ?`,
        code,
      )
      .one();
    const due = now + Math.min(MINUTE_MS * 4 ** attempts, LONGEST_WAIT_MS);
    if (due > receivedAt + TRIED_FOR_MS) return this.#end(code, "failed", now);
    this.#sql.exec("UPDATE deletion_person SET attempts = attempts + 1, due = ? WHERE code = ?", due, code);
    return "received";
  }

  /** A person has removed the app. @param expiresAt ms @returns whether this is the first word of it */
  deauthorized(mark: string, expiresAt: number, now: number): boolean {
    this.#sql.exec("DELETE FROM deauthorization WHERE expires_at <= ?", now);
    const insert = "INSERT OR IGNORE INTO deauthorization (mark, expires_at) VALUES (?, ?)";
    return this.#sql.exec(insert, mark, expiresAt).rowsWritten > 0;
  }

  #end(code: string, state: Deletion["state"], now: number): Deletion["state"] {
    this.#sql.exec("UPDATE deletion SET state = ?, ended_at = ? WHERE code = ?", state, now, code);
    this.#sql.exec("DELETE FROM deletion_person WHERE code = ?", code);
    wipe(this.#storage, ["deletion_person"]);
    return state;
  }
}
