import * as z from "zod/mini";
import type { Config } from "../env.ts";
import { createPersona, deletePersona, getPersona, listPersonas } from "../graph/personas.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { graphOf, refusedByMeta } from "./graph.ts";
import { pageIdSchema } from "./target.ts";

/** Personas: names and pictures under which a page's messages are shown. */

const listBody = z.object({ page_id: z.optional(pageIdSchema) });

/** `POST /personas.list`: all of a page's. */
export async function personaList(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const of = await graphOf(config, env, caller, body.value.page_id);
  if (!of.ok) return of.response;
  const personas = await listPersonas(of.graph);
  if (!personas.ok) return refusedByMeta(personas);
  return Response.json({
    data: personas.value,
    pagination_data: { previous_cursor: null, next_cursor: null, total: personas.value.length },
  });
}

const createBody = z.object({
  page_id: z.optional(pageIdSchema),
  name: z.string().check(z.trim(), z.minLength(1, "not empty"), z.maxLength(100, "at most 100 characters")),
  profile_picture_url: z.string().check(z.regex(/^https:\/\/\S{1,2000}$/, "a URL with https")),
});

/** `POST /personas.create` → the persona with its id, to be used as `persona_id`. */
export async function personaCreate(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, createBody);
  if (!body.ok) return body.response;
  const { page_id, ...persona } = body.value;
  const of = await graphOf(config, env, caller, page_id);
  if (!of.ok) return of.response;
  const created = await createPersona(of.graph, persona);
  return created.ok ? Response.json({ id: created.value.id, ...persona }) : refusedByMeta(created);
}

const deleteBody = z.object({
  page_id: z.optional(pageIdSchema),
  persona_id: z.string().check(z.regex(/^\d{1,32}$/, "a persona's id")),
});

/** `POST /personas.delete`: messages it wrote keep its name. */
export async function personaDelete(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, deleteBody);
  if (!body.ok) return body.response;
  const of = await graphOf(config, env, caller, body.value.page_id);
  if (!of.ok) return of.response;
  // Meta would delete whatever of the page's has this id; only personas have the fields that are asked for.
  const known = await getPersona(of.graph, body.value.persona_id);
  if (!known.ok) return refusedByMeta(known);
  const deleted = await deletePersona(of.graph, body.value.persona_id);
  return deleted.ok ? Response.json({ deleted: true }) : refusedByMeta(deleted);
}
