import { newNumericId } from "./ids.ts";
import type { Persona } from "./threads.ts";

type Row = { persona_id: string; name: string; profile_picture_url: string };

/** The personas of the pages: names under which a page's messages can appear. */
export class Personas {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  create(pageId: string, name: string, profilePictureUrl: string): Persona {
    const persona = { id: newNumericId(), name, profile_picture_url: profilePictureUrl };
    this.#sql.exec(
      "INSERT INTO personas (persona_id, page_id, name, profile_picture_url) VALUES (?, ?, ?, ?)",
      persona.id,
      pageId,
      name,
      profilePictureUrl,
    );
    return persona;
  }

  find(pageId: string, id: string): Persona | null {
    return this.list(pageId).find((persona) => persona.id === id) ?? null;
  }

  /** @returns The page's personas, oldest first. */
  list(pageId: string): Persona[] {
    return this.#sql
      .exec<Row>(
        "SELECT persona_id, name, profile_picture_url FROM personas WHERE page_id = ? ORDER BY seq",
        pageId,
      )
      .toArray()
      .map(({ persona_id, name, profile_picture_url }) => ({ id: persona_id, name, profile_picture_url }));
  }

  delete({ id }: Persona): void {
    this.#sql.exec("DELETE FROM personas WHERE persona_id = ?", id);
  }
}
