import * as z from "zod/mini";
import { idSchema } from "./answer.ts";
import type { CallFailure, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * Personas: names and pictures under which a page writes.
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/personas
 */
export interface Persona {
  id: string;
  name: string;
  profile_picture_url: string | null;
}

/** Answers of 100 each; a page with more personas than this has lost control of them. */
const PAGE_SIZE = "100";
const MAX_ANSWERS = 20;

const personaSchema = z.object({
  id: idSchema,
  name: z.catch(z.string(), ""),
  profile_picture_url: z.catch(z.nullable(z.string()), null),
});
const listSchema = z.object({
  data: z.array(personaSchema),
  paging: z.optional(
    z.looseObject({
      cursors: z.optional(z.looseObject({ after: z.optional(z.string()) })),
      // Its URL carries the token: only that it is there matters.
      next: z.optional(z.string()),
    }),
  ),
});

/** All personas of the page, up to 2000. */
export async function listPersonas(
  graph: GraphClient,
): Promise<{ ok: true; value: Persona[] } | CallFailure> {
  const personas: Persona[] = [];
  let after: string | undefined;
  for (let answers = 0; answers < MAX_ANSWERS; answers++) {
    const query = { limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) };
    const list = reading(await graph.call("GET", "me/personas", { query }), listSchema);
    if (!list.ok) return list;
    personas.push(...list.value.data);
    after = list.value.paging?.cursors?.after;
    if (list.value.paging?.next === undefined || after === undefined) break;
  }
  return { ok: true, value: personas };
}

export async function getPersona(
  graph: GraphClient,
  id: string,
): Promise<{ ok: true; value: Persona } | CallFailure> {
  const query = { fields: "id,name,profile_picture_url" };
  return reading(await graph.call("GET", encodeURIComponent(id), { query }), personaSchema);
}

const createdSchema = z.object({ id: idSchema });

/** @returns the new persona's id, to be used as `persona_id` of a message */
export async function createPersona(
  graph: GraphClient,
  persona: { name: string; profile_picture_url: string },
): Promise<{ ok: true; value: { id: string } } | CallFailure> {
  return reading(await graph.call("POST", "me/personas", { body: persona }), createdSchema);
}

/** Messages it wrote keep its name. */
export async function deletePersona(
  graph: GraphClient,
  id: string,
): Promise<{ ok: true; value: object } | CallFailure> {
  return graph.call("DELETE", encodeURIComponent(id));
}
