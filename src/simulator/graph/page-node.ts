import type { Page } from "../environment.ts";
import type { Json } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import type { Field } from "./fields.ts";

type Node = Readonly<Record<string, Json>> & { readonly id: string };

/** All of a page that can be asked for. @param origin Of the simulator, for the picture's address. */
export function pageNode(rooms: Rooms, page: Page, origin: string): Node {
  const { id, name } = page;
  const { instagram_id, tasks } = rooms.pages.settings(id);
  const url = `${origin}/_sim/pages/${id}/picture`;
  return {
    id,
    name,
    access_token: rooms.pages.tokenOf(page),
    tasks,
    picture: { data: { height: 50, width: 50, is_silhouette: false, url } },
    ...(instagram_id === null ? {} : { instagram_business_account: instagramNode(instagram_id, page, url) }),
  };
}

export function instagramNode(id: string, { name }: Page, picture: string): Node {
  return { id, name, username: name.toLowerCase().replaceAll(" ", "."), profile_picture_url: picture };
}

/** What every page has, though one of them may have none of it. */
const OPTIONAL: ReadonlySet<string> = new Set(["instagram_business_account"]);

/**
 * The part of a node that is asked for; the id is always in it.
 *
 * @returns The name of the first field there is not, if one is asked for.
 */
export function picked(node: Node, asked: readonly Field[]): { node: Node } | { unknown: string } {
  const parts: Record<string, Json> = {};
  for (const { name, sub } of asked) {
    const value = node[name];
    if (value === undefined && !OPTIONAL.has(name)) return { unknown: name };
    if (value !== undefined)
      parts[name] = name === "instagram_business_account" ? account(value, sub) : value;
  }
  return { node: { ...parts, id: node.id } };
}

/** An account is shown by its id alone unless more is asked for. */
function account(value: Json, sub: readonly Field[]): Json {
  const fields: Readonly<Record<string, Json>> = { ...(value as Node) };
  const names = sub.length > 0 ? [...sub.map(({ name }) => name), "id"] : ["id"];
  return Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
}
