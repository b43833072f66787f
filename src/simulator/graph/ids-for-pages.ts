import * as z from "zod/mini";
import { hexHmac } from "../webhook/signature.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import type { AppCall } from "./app-calls.ts";
import { graphErrors } from "./errors.ts";
import { shapeError } from "./shape-checks.ts";

const USUAL_LIMIT = 25;

const parametersSchema = z.object({
  limit: z.exactOptional(z.coerce.number().check(z.minimum(1), z.maximum(100))),
  after: z.exactOptional(z.string()),
  page: z.exactOptional(z.string()),
});

/** The person a path asks about, if it is one of these. */
export const personIn = (path: string): string | undefined => /^(\d+)\/ids_for_pages$/.exec(path)?.[1];

/**
 * `GET /{person}/ids_for_pages`, with the app's token and its proof: as whom the pages know a person who has written to
 * them, in pages of `limit`, by the cursor `after`. Here everybody has one id everywhere, also for the app.
 * @see https://developers.facebook.com/docs/messenger-platform/identity/id-matching
 */
export async function idsForPages(call: AppCall, person: string): Promise<Response> {
  const { rooms, version, parameters, token, origin, path } = call;
  const { appsecret_proof: proof } = parameters;
  if (proof === undefined) return graphErrorAnswer(version, graphErrors.noProof);
  if (proof !== (await hexHmac("SHA-256", rooms.environment.appSecret, token))) {
    return graphErrorAnswer(version, graphErrors.badProof);
  }
  if (!rooms.users.find(person)) return graphErrorAnswer(version, graphErrors.noSuchObject("get", person));
  const parsed = parametersSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { limit = USUAL_LIMIT, after, page: only } = parsed.data;
  const known = rooms.environment.pages.filter(
    ({ id }) =>
      (only === undefined || only === id) &&
      rooms.conversations.lastUserAt({ pageId: id, userId: person }) !== null,
  );
  const before = after === undefined ? -1 : known.findIndex(({ id }) => btoa(id) === after);
  if (after !== undefined && before < 0) {
    return graphErrorAnswer(version, graphErrors.badParameter("Invalid cursors values"));
  }
  const shown = known.slice(before + 1, before + 1 + limit);
  const data = shown.map(({ id, name }) => ({ id: person, page: { name, id } }));
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return graphAnswer(version, { data: [] });
  const cursors = { before: btoa(first.id), after: btoa(last.id) };
  const next = `${origin}/${version}/${path}?limit=${limit}&after=${encodeURIComponent(cursors.after)}`;
  const isLast = known.at(-1) === last;
  return graphAnswer(version, { data, paging: { cursors, ...(isLast ? {} : { next }) } });
}
