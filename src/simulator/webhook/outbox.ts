import type { Clock } from "../clock.ts";
import type { WebhookFaults } from "../faults.ts";
import { type Channel, envelope, type QueuedItem, type WebhookObject } from "./envelope.ts";
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

/** An event on its way to the webhook of one page or Instagram account. */
export interface OutgoingItem extends QueuedItem {
  readonly accountId: string;
  readonly object: WebhookObject;
  /** The user's message inside the event, to be marked delivered later; null for other events. */
  readonly mid: string | null;
}

/** A row holds 2 MB at most, envelope included. One event alone never comes near: control/answers.ts sees to that. */
const MAX_BATCH_CHARACTERS = 1_700_000;

type PostRow = { [Column in keyof Post]: Post[Column] };
type ItemRow = {
  seq: number;
  object: WebhookObject;
  channel: Channel;
  grouping: string;
  mid: string | null;
  item: string;
  hop_context: string;
};

/** Events on their way to the webhook, kept in SQLite so that a restart loses none. */
export class Outbox {
  readonly #sql: SqlStorage;
  readonly #clock: Clock;

  constructor(sql: SqlStorage, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  add({ accountId, object, channel, group, mid, item, hopContext }: OutgoingItem): void {
    this.#sql.exec(
      `INSERT INTO waiting_items (page_id, object, channel, grouping, mid, item, hop_context, queued_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      accountId,
      object,
      channel,
      group,
      mid,
      JSON.stringify(item),
      JSON.stringify(hopContext),
      Date.now(),
    );
  }

  /** @returns The pages for which something waits or is under way. */
  pagesWithWork(): string[] {
    return this.#sql
      .exec<{ page_id: string }>("SELECT page_id FROM posts UNION SELECT page_id FROM waiting_items")
      .toArray()
      .map((row) => row.page_id);
  }

  /** @returns When the page's next POST may go out (real milliseconds, maybe past), or null if nothing waits. */
  dueAt(pageId: string, faults: WebhookFaults): number | null {
    const post = this.current(pageId);
    if (post) return post.next_at;
    const { oldest } = this.#sql
      .exec<{ oldest: number | null }>(
        "SELECT min(queued_at) AS oldest FROM waiting_items WHERE page_id = ?",
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
    const [first] = events;
    if (!first) return null;
    const last = events.at(-1)?.seq ?? 0;
    const sent = faults.shuffle ? shuffled(events) : events;
    const now = Date.now();
    const post: Post = {
      page_id: pageId,
      post_id: crypto.randomUUID(),
      body: envelope(first.object, pageId, sent.map(queuedItem), this.#clock.now()),
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
    this.#sql.exec("DELETE FROM waiting_items WHERE page_id = ? AND seq <= ?", pageId, last);
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

  #oldest(pageId: string, limit: number): ItemRow[] {
    const rows: ItemRow[] = [];
    let characters = 0;
    const cursor = this.#sql.exec<ItemRow>(
      `SELECT seq, object, channel, grouping, mid, item, hop_context FROM waiting_items
       WHERE page_id = ? ORDER BY seq LIMIT ?`,
      pageId,
      limit,
    );
    for (const row of cursor) {
      characters += escaped(row.item).length;
      if (rows.length > 0 && characters > MAX_BATCH_CHARACTERS) break;
      // An envelope has one `object`.
      if (rows[0] && rows[0].object !== row.object) break;
      rows.push(row);
    }
    return rows;
  }
}

function queuedItem({ channel, grouping, item, hop_context }: ItemRow): QueuedItem {
  return { channel, group: grouping, item: JSON.parse(item), hopContext: JSON.parse(hop_context) };
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
