import * as z from "zod/mini";
import type { Persona } from "../threads.ts";
import { answer, fail, type GraphCall } from "./call.ts";
import { graphErrors } from "./errors.ts";
import { shapeError, someTextUpTo, webAddress } from "./shape-checks.ts";

const USUAL_LIMIT = 25;

const personaSchema = z.object({ name: someTextUpTo(128), profile_picture_url: webAddress });

const pageSchema = z.object({
  limit: z.exactOptional(z.coerce.number().check(z.minimum(1), z.maximum(100))),
  after: z.exactOptional(z.string()),
});

/** A persona as the Graph API has it. */
export function personaNode({ id, name, profile_picture_url }: Persona) {
  return { name, profile_picture_url, id };
}

/** `POST /{page}/personas`. @see https://developers.facebook.com/docs/messenger-platform/send-messages/personas */
export function createPersona(call: GraphCall): Response {
  const { rooms, page, parameters } = call;
  const parsed = personaSchema.safeParse(parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const { id } = rooms.personas.create(page.id, parsed.data.name, parsed.data.profile_picture_url);
  rooms.attachments.fetched(page.id, parsed.data.profile_picture_url);
  return answer(call, { id });
}

/** `GET /{page}/personas`, in pages of `limit`, by the cursor `after`. */
export function listPersonas(call: GraphCall): Response {
  const { rooms, page, parameters, origin, version, node } = call;
  const parsed = pageSchema.safeParse(parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const { limit = USUAL_LIMIT, after } = parsed.data;
  const all = rooms.personas.list(page.id);
  const before = after === undefined ? -1 : all.findIndex(({ id }) => id === atob(after));
  if (after !== undefined && before < 0)
    return fail(call, graphErrors.badParameter("Invalid cursors values"));
  const data = all.slice(before + 1, before + 1 + limit);
  const [first, last] = [data[0], data.at(-1)];
  if (!first || !last) return answer(call, { data: [] });
  const cursors = { before: btoa(first.id), after: btoa(last.id) };
  const hasMore = all.at(-1) !== last;
  const next = `${origin}/${version}/${node}/personas?limit=${limit}&after=${encodeURIComponent(cursors.after)}`;
  return answer(call, { data: data.map(personaNode), paging: { cursors, ...(hasMore ? { next } : {}) } });
}
