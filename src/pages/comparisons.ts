/** What a bot on trial said beside the page's bot: the newest, and how often which was the case. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS comparison (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    delivery TEXT NOT NULL,        -- webhook-id
    at INTEGER NOT NULL,           -- ms
    verdict TEXT NOT NULL,
    sides TEXT NOT NULL            -- JSON: {primary, shadow}
  ) STRICT;
  CREATE TABLE IF NOT EXISTS verdict (
    verdict TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    since INTEGER NOT NULL         -- ms
  ) STRICT, WITHOUT ROWID;
`;

/** Those that are kept. */
const MAX_KEPT = 500;

/** What one side came to. */
export interface SaidBy {
  /** HTTP status; `null` when there was no answer. */
  status: number | null;
  tookMs: number;
  /** Why it failed; `null` if it didn't. */
  reason: string | null;
  /** Messages, actions and handover as the gateway reads them, or the start of them as `cut`; JSON text; `null` if it failed. */
  answer: string | null;
}

export interface Comparison {
  conversation: string;
  delivery: string;
  /** ms */
  at: number;
  verdict: "same" | "different" | "shadow_failed" | "primary_failed";
  primary: SaidBy;
  shadow: SaidBy;
}

export interface ComparisonPage {
  /** Newest first. */
  comparisons: (Comparison & { seq: number })[];
  /** How often which was the case, also of those that aren't kept any more. */
  verdicts: { verdict: string; count: number; since: number }[];
}

export class Comparisons {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  add({ conversation, delivery, at, verdict, primary, shadow }: Comparison): void {
    this.#sql.exec(
      "INSERT INTO comparison (conversation, delivery, at, verdict, sides) VALUES (?, ?, ?, ?, ?)",
      conversation,
      delivery,
      at,
      verdict,
      JSON.stringify({ primary, shadow }),
    );
    this.#sql.exec("DELETE FROM comparison WHERE seq <= (SELECT max(seq) FROM comparison) - ?", MAX_KEPT);
    this.#sql.exec(
      `INSERT INTO verdict (verdict, count, since) VALUES (?, 1, ?)
       ON CONFLICT (verdict) DO UPDATE SET count = count + 1`,
      verdict,
      at,
    );
  }

  list(before: number | null, limit: number): ComparisonPage {
    const comparisons = this.#sql
      .exec<Row>(
        "SELECT * FROM comparison WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map(comparisonIn);
    const verdicts = this.#sql
      .exec<{ verdict: string; count: number; since: number }>("SELECT * FROM verdict ORDER BY verdict")
      .toArray();
    return { comparisons, verdicts };
  }

  /** What was said to one user, newest first. */
  of(conversation: string): Comparison[] {
    return this.#sql
      .exec<Row>("SELECT * FROM comparison WHERE conversation = ? ORDER BY seq DESC", conversation)
      .toArray()
      .map(comparisonIn);
  }

  /** Those of a conversation; they stay counted. */
  forgetConversation(conversation: string): void {
    this.#sql.exec("DELETE FROM comparison WHERE conversation = ?", conversation);
  }

  /** For another trial. */
  clear(): void {
    this.#sql.exec("DELETE FROM comparison");
    this.#sql.exec("DELETE FROM verdict");
  }
}

type Row = Omit<Comparison, "primary" | "shadow"> & { seq: number; sides: string } & Record<
    string,
    SqlStorageValue
  >;

const comparisonIn = ({ sides, ...row }: Row): Comparison & { seq: number } => ({
  ...row,
  ...JSON.parse(sides),
});
