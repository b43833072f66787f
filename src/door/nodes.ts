import * as z from "zod/mini";
import type { DoorCall, Handle } from "./call.ts";
import { errorAnswer, metaErrors } from "./meta-error.ts";
import { fieldsIn, noSuchField, relayed } from "./relay.ts";

/** Things that are asked for by their id: the page itself, a person who wrote to it, a persona. */

const PAGE_FIELDS: ReadonlySet<string> = new Set([
  ...["id", "name", "username", "about", "category", "link", "picture", "website"],
  // Of an Instagram account.
  ...["profile_picture_url", "followers_count"],
]);

const PERSON_FIELDS: ReadonlySet<string> = new Set([
  ...["id", "name", "first_name", "last_name", "profile_pic", "locale", "timezone", "gender"],
  // On Instagram.
  ...["username", "is_verified_user", "follower_count", "is_user_follow_business", "is_business_follow_user"],
  // Of a persona.
  "profile_picture_url",
]);

/** `GET /me` and `GET /{page}` */
export const readPage: Handle = (call) => readNode(call, call.graph.page, PAGE_FIELDS);

/** `GET /{psid}` and `GET /{persona}`: which of them it is, Meta knows. */
export const readOther: Handle = (call) => readNode(call, call.path, PERSON_FIELDS);

async function readNode(call: DoorCall, id: string, known: ReadonlySet<string>): Promise<Response> {
  const { fields } = call.query;
  const asked = fields === undefined ? [] : fieldsIn(fields);
  const odd = asked.find((field) => !known.has(field));
  if (odd !== undefined) return errorAnswer(noSuchField(odd));
  const query = asked.length === 0 ? {} : { fields: asked.join(",") };
  const answer = await call.graph.relay("GET", encodeURIComponent(id), { query });
  const response = relayed(call, answer);
  // What Meta gives of a thing unasked depends on what it is: a post of the page's would tell what it says.
  return asked.length > 0 || !response.ok ? response : onlyKnown(response, known);
}

async function onlyKnown(response: Response, known: ReadonlySet<string>): Promise<Response> {
  try {
    const members = Object.entries(await response.json<object>()).filter(([name]) => known.has(name));
    return new Response(JSON.stringify(Object.fromEntries(members)), response);
  } catch {
    return errorAnswer(metaErrors.noAnswer);
  }
}

/** `DELETE /{persona}`. Meta would delete whatever of the page's has this id; only personas have what is asked for. */
export const deletePersona: Handle = async (call) => {
  const { graph, path } = call;
  const query = { fields: "id,name,profile_picture_url" };
  const asked = await graph.relay("GET", encodeURIComponent(path), { query });
  if (!asked.ok || asked.status >= 400) return relayed(call, asked);
  if (!isPersona(asked.body)) return errorAnswer(metaErrors.noSuchPersona);
  return relayed(call, await graph.relay("DELETE", encodeURIComponent(path)));
};

const personaSchema = z.object({
  id: z.string(),
  name: z.string(),
  profile_picture_url: z.nullable(z.string()),
});

function isPersona(body: string): boolean {
  try {
    return personaSchema.safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}
