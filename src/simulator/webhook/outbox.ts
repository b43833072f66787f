import type { Clock } from "../clock.ts";
import type { WebhookFaults } from "../faults.ts";
import type { Conversation } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { envelope } from "./envelope.ts";
import { escaped } from "./escaping.ts";

/** A webhook POST whose bytes are fixed: it is sent until accepted, and nothing of its page overtakes it. */
export interface Post {
  readonly page_id: string;
  readonly post_id: string;
  readonly body: string;
  /** JSON array of the user messages inside. */
  readonly mids: string;
  readonly events: number;
  /** Failed attempts so far. */
  readonly attempt: number;
  /** How often it is still to be accepted; more than 1 under the fault `duplicate`. */
  readonly copies: number;
  readonly first_at: number;
  readonly next_at: number;
}

/** A row holds 2 MB at most, envelope included. One event alone never comes near: control/answers.ts sees to that. */
const MAX_BATCH_CHARACTERS = 1_700_000;

type PostRow = { [Column in keyof Post]: Post[Column] };
type EventRow = { seq: number; user_id: string; mid: string | null; item: string; queued_at: number };

/** Events on their way to the webhook, kept in SQLite so that a restart loses none. */
export class Outbox {
  readonly #sql: SqlStorage;
  readonly #clock: Clock;

  constructor(sql: SqlStorage, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  /** @param mid The user's message inside the event, to be marked delivered later; null for other events. */
  add({ pageId, userId }: Conversation, item: JsonObject, mid: string | null): void {
    this.#sql.exec(
      "INSERT INTO waiting_events (page_id, user_id, mid, item, queued_at) VALUES (?, ?, ?, ?, ?)",
      pageId,
      userId,
      mid,
      JSON.stringify(item),
      Date.now(),
    );
  }

  /** @returns The pages for which something waits or is under way. */
  pagesWithWork(): string[] {
    return this.#sql
      .exec<{ page_id: string }>("SELECT page_id FROM posts UNION SELECT page_id FROM waiting_events")
      .toArray()
      .map((row) => row.page_id);
  }

  /** @returns When the page's next POST may go out (real milliseconds, maybe past), or null if nothing waits. */
  dueAt(pageId: string, faults: WebhookFaults): number | null {
    const post = this.current(pageId);
    if (post) return post.next_at;
    const { oldest } = this.#sql
      .exec<{ oldest: number | null }>(
        "SELECT min(queued_at) AS oldest FROM waiting_events WHERE page_id = ?",
        pageId,
      )
      .one();
    return oldest === null ? null : oldest + faults.batch.wait_ms;
  }

  current(pageId: string): Post | null {
    return this.#sql.exec<PostRow>("SELECT * FROM posts WHERE page_id = ?", pageId).toArray()[0] ?? null;
  }

  /** Turns the oldest waiting events of the page into its next POST. */
  nextBatch(pageId: string, faults: WebhookFaults): Post | null {
    const events = this.#oldest(pageId, faults.batch.max_events);
    if (events.length === 0) return null;
    const last = events.at(-1)?.seq ?? 0;
    const sent = faults.shuffle ? shuffled(events) : events;
    const now = Date.now();
    const post: Post = {
      page_id: pageId,
      post_id: crypto.randomUUID(),
      body: envelope(
        pageId,
        sent.map((event) => ({ userId: event.user_id, item: JSON.parse(event.item) })),
        this.#clock.now(),
      ),
      mids: JSON.stringify(events.flatMap((event) => event.mid ?? [])),
      events: events.length,
      attempt: 0,
      copies: faults.duplicate,
      first_at: now,
      next_at: now,
    };
    this.#sql.exec(
      "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      post.page_id,
      post.post_id,
      post.body,
      post.mids,
      post.events,
      post.attempt,
      post.copies,
      post.first_at,
      post.next_at,
    );
    this.#sql.exec("DELETE FROM waiting_events WHERE page_id = ? AND seq <= ?", pageId, last);
    return post;
  }

  /** Takes one accepted copy off; the POST is gone with the last. */
  accepted(post: Post): void {
    if (post.copies <= 1) this.drop(post);
    else this.#sql.exec("UPDATE posts SET copies = copies - 1 WHERE page_id = ?", post.page_id);
  }

  failed(post: Post, nextAt: number): void {
    this.#sql.exec(
      "UPDATE posts SET attempt = attempt + 1, next_at = ? WHERE page_id = ?",
      nextAt,
      post.page_id,
    );
  }

  drop(post: Post): void {
    this.#sql.exec("DELETE FROM posts WHERE page_id = ?", post.page_id);
  }

  #oldest(pageId: string, limit: number): EventRow[] {
    const rows: EventRow[] = [];
    let characters = 0;
    const cursor = this.#sql.exec<EventRow>(
      "SELECT seq, user_id, mid, item, queued_at FROM waiting_events WHERE page_id = ? ORDER BY seq LIMIT ?",
      pageId,
      limit,
    );
    for (const row of cursor) {
      characters += escaped(row.item).length;
      if (rows.length > 0 && characters > MAX_BATCH_CHARACTERS) break;
      rows.push(row);
    }
    return rows;
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
