import type { Page } from "../environment.ts";
import type { Json } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";

/** `GET /me` and `GET /{page-id}`: the page itself. */
export function readPage(page: Page, version: string, fields: readonly string[]): Response {
  return pick(version, { id: page.id, name: page.name }, fields, ["id", "name"]);
}

/** `GET /{psid}`: the profile of a user who has written to this page. */
export function readUser(
  rooms: Rooms,
  page: Page,
  version: string,
  userId: string,
  fields: readonly string[],
  origin: string,
): Response {
  const known = rooms.conversations.lastUserAt({ pageId: page.id, userId }) !== null;
  const user = known ? rooms.users.find(userId) : null;
  if (!user) return graphErrorAnswer(version, graphErrors.noSuchObject("get", userId));
  const profile = {
    id: user.id,
    first_name: user.first_name,
    last_name: user.last_name,
    name: `${user.first_name} ${user.last_name}`,
    profile_pic: `${origin}/_sim/users/${user.id}/picture`,
    locale: "en_US",
    timezone: 0,
  };
  return pick(version, profile, fields, ["first_name", "last_name", "profile_pic"]);
}

/** The id is always part of the answer, whatever is asked for. */
function pick(
  version: string,
  node: Readonly<Record<string, Json>> & { readonly id: string },
  asked: readonly string[],
  usual: readonly string[],
): Response {
  const picked: Record<string, Json> = {};
  for (const field of asked.length > 0 ? asked : usual) {
    const value = node[field];
    if (value === undefined) return graphErrorAnswer(version, graphErrors.noSuchField(field));
    picked[field] = value;
  }
  return graphAnswer(version, { ...picked, id: node.id });
}
