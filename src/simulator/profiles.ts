import type { Conversation } from "./ids.ts";
import type { Json, JsonObject } from "./json.ts";

const keyOf = (accountId: string) => `profile:${accountId}`;

/** The Messenger profiles of pages and Instagram accounts, and the menus set for single people. */
export class Profiles {
  readonly #kv: SyncKvStorage;
  readonly #sql: SqlStorage;

  constructor(kv: SyncKvStorage, sql: SqlStorage) {
    this.#kv = kv;
    this.#sql = sql;
  }

  read(accountId: string): JsonObject {
    return this.#kv.get<JsonObject>(keyOf(accountId)) ?? {};
  }

  set(accountId: string, properties: JsonObject): void {
    this.#kv.put(keyOf(accountId), { ...this.read(accountId), ...properties });
  }

  delete(accountId: string, names: readonly string[]): void {
    const kept = Object.entries(this.read(accountId)).filter(([name]) => !names.includes(name));
    this.#kv.put(keyOf(accountId), Object.fromEntries(kept));
  }

  /** @returns The persistent menu set for this one person, or null. */
  menuOf({ pageId, userId }: Conversation): Json {
    const [row] = this.#sql
      .exec<{ menu: string }>("SELECT menu FROM menus WHERE page_id = ? AND user_id = ?", pageId, userId)
      .toArray();
    return row ? JSON.parse(row.menu) : null;
  }

  setMenu({ pageId, userId }: Conversation, menu: Json): void {
    this.#sql.exec("INSERT OR REPLACE INTO menus VALUES (?, ?, ?)", pageId, userId, JSON.stringify(menu));
  }

  deleteMenu({ pageId, userId }: Conversation): void {
    this.#sql.exec("DELETE FROM menus WHERE page_id = ? AND user_id = ?", pageId, userId);
  }
}
