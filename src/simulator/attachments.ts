import { newNumericId } from "./ids.ts";

/** An uploaded attachment, which messages can name by its id. */
export interface Attachment {
  readonly id: string;
  readonly type: string;
  /** Where Meta fetched it from; null for an uploaded file. */
  readonly url: string | null;
}

/** Uploads of the pages, and how often Meta would have fetched which address. Nothing is really fetched. */
export class Attachments {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps an attachment for this page. */
  keep(pageId: string, type: string, url: string | null): Attachment {
    const attachment = { id: newNumericId(), type, url };
    this.#sql.exec("INSERT INTO attachments VALUES (?, ?, ?, ?)", attachment.id, pageId, type, url);
    return attachment;
  }

  find(pageId: string, id: string): Attachment | null {
    const [row] = this.#sql
      .exec<{ type: string; url: string | null }>(
        "SELECT type, url FROM attachments WHERE attachment_id = ? AND page_id = ?",
        id,
        pageId,
      )
      .toArray();
    return row ? { id, ...row } : null;
  }

  /** Counts a fetch of this address. */
  fetched(pageId: string, url: string): void {
    this.#sql.exec(
      "INSERT INTO fetches VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
      pageId,
      url,
    );
  }

  fetches(): { page_id: string; url: string; count: number }[] {
    return this.#sql
      .exec<{ page_id: string; url: string; count: number }>("SELECT page_id, url, count FROM fetches")
      .toArray();
  }
}
