import type { Json } from "../json.ts";
import { answer, fail, fieldsOf, type GraphCall } from "./call.ts";
import { graphErrors } from "./errors.ts";
import { askedFields } from "./fields.ts";
import { instagramNode, pageNode, picked } from "./page-node.ts";
import { personaNode } from "./personas.ts";
import { conversationWith } from "./recipients.ts";

/** Fields a page must be permitted to read. */
const PERMITTED = ["locale", "timezone", "gender"] as const;

/** `GET /{id}`: the page, its Instagram account, a persona, or a person who has written. */
export function readNode(call: GraphCall): Response {
  const { rooms, page, node } = call;
  const account = rooms.pages.accountOf(node === "me" ? page.id : node);
  if (account?.page.id === page.id) {
    if (account.platform === "instagram") {
      const picture = `${call.origin}/_sim/pages/${page.id}/picture`;
      return pick(call, instagramNode(account.id, page, picture), ["id"]);
    }
    const asked = askedFields(call.parameters);
    const { tasks: _, ...node } = pageNode(rooms, page, call.origin);
    const part = picked(node, asked.length > 0 ? asked : [{ name: "name", sub: [] }]);
    return "node" in part ? answer(call, part.node) : fail(call, graphErrors.noSuchField(part.unknown));
  }
  const persona = rooms.personas.find(page.id, node);
  return persona ? pick(call, personaNode(persona), ["name", "profile_picture_url"]) : readUser(call);
}

/** `DELETE /{id}`: only personas can be deleted. */
export function deleteNode(call: GraphCall): Response {
  const { rooms, page, node } = call;
  const persona = rooms.personas.find(page.id, node);
  if (!persona) return fail(call, graphErrors.noSuchObject("delete", node));
  rooms.personas.delete(persona);
  return answer(call, { success: true });
}

function readUser(call: GraphCall): Response {
  const { rooms, page, node } = call;
  const conversation = conversationWith({ ...call, node: "me" }, node);
  const user = conversation ? rooms.users.find(node) : null;
  if (!user || !conversation) return fail(call, graphErrors.noSuchObject("get", node));
  const traits = rooms.users.traitsOf(user);
  if (traits.profile === "no_consent") return fail(call, graphErrors.noConsent);
  if (traits.profile === "unreachable") return fail(call, graphErrors.noSuchObject("get", node));

  const { user_fields } = rooms.pages.settings(page.id);
  const asked = fieldsOf(call);
  const refused = PERMITTED.find((field) => asked.includes(field) && !user_fields.includes(field));
  if (refused) return fail(call, graphErrors.fieldNeedsPermission(refused));
  const name = `${user.first_name} ${user.last_name}`;
  const profile_pic = `${call.origin}/_sim/users/${user.id}/picture`;
  if (rooms.pages.accountOf(conversation.pageId)?.platform === "instagram") {
    const more = { is_user_follow_business: true, is_business_follow_user: false, follower_count: 1 };
    const node = { id: user.id, name, username: traits.username, profile_pic, is_verified_user: false };
    return pick(call, { ...node, ...more }, ["name", "username", "profile_pic"]);
  }
  const { first_name, last_name } = user;
  const { locale, timezone, gender } = traits;
  const profile = { id: user.id, first_name, last_name, name, profile_pic, locale, timezone, gender };
  return pick(call, profile, ["first_name", "last_name", "profile_pic"]);
}

/** @returns Whether the node is one the token speaks for: `me`, the page, or its Instagram account. */
export function isOwnNode({ rooms, page, node }: GraphCall): boolean {
  return node === "me" || rooms.pages.accountOf(node)?.page.id === page.id;
}

/** The id is always part of the answer, whatever is asked for. */
function pick(
  call: GraphCall,
  node: Readonly<Record<string, Json>> & { readonly id: string },
  usual: readonly string[],
): Response {
  const asked = fieldsOf(call);
  const picked: Record<string, Json> = {};
  for (const field of asked.length > 0 ? asked : usual) {
    const value = node[field];
    if (value === undefined) return fail(call, graphErrors.noSuchField(field));
    picked[field] = value;
  }
  return answer(call, { ...picked, id: node.id });
}
