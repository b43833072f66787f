import * as z from "zod/mini";
import { type PageId, pageId, type UserId, userId } from "../ids.ts";
import { idSchema } from "./answer.ts";
import { type GraphPlace, graphAs, type NamedApp } from "./app-token.ts";
import type { CallFailure } from "./client.ts";
import { reading } from "./reading.ts";

/** A person as one page knows them. */
export interface KnownAs {
  page: PageId;
  user: UserId;
}

/** Answers of 100 each; no business has more pages that one person writes to. */
const PAGE_SIZE = "100";
const MAX_ANSWERS = 20;

const listSchema = z.object({
  data: z.array(z.looseObject({ id: idSchema, page: z.looseObject({ id: idSchema }) })),
  paging: z.optional(
    z.looseObject({
      cursors: z.optional(z.looseObject({ after: z.optional(z.string()) })),
      // Its URL carries the token: only that it is there matters.
      next: z.optional(z.string()),
    }),
  ),
});

/**
 * The ids that pages know a person under: of pages that belong to the same business as the app, as far as the person has
 * written to them. Meta knows no such thing for Instagram.
 * @param person the id that the app knows them under
 * @see https://developers.facebook.com/docs/messenger-platform/identity/id-matching
 */
export async function idsForPages(
  place: GraphPlace,
  app: NamedApp,
  person: string,
): Promise<{ ok: true; value: KnownAs[] } | CallFailure> {
  const graph = graphAs(place, app, `${app.id}|${app.secrets[0]}`);
  const path = `${encodeURIComponent(person)}/ids_for_pages`;
  const found: KnownAs[] = [];
  let after: string | undefined;
  for (let answers = 0; answers < MAX_ANSWERS; answers++) {
    const query = { limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) };
    const list = reading(await graph.call("GET", path, { query }), listSchema);
    if (!list.ok) return list;
    found.push(...list.value.data.map(({ id, page }) => ({ page: pageId(page.id), user: userId(id) })));
    after = list.value.paging?.cursors?.after;
    if (list.value.paging?.next === undefined || after === undefined) break;
  }
  return { ok: true, value: found };
}
