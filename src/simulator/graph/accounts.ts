import * as z from "zod/mini";
import type { Page } from "../environment.ts";
import type { UserToken } from "../logins.ts";
import { USUAL_SCOPES } from "../logins.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import type { AppCall } from "./app-calls.ts";
import { graphErrors } from "./errors.ts";
import { askedFields, type Field } from "./fields.ts";
import { pageNode, picked } from "./page-node.ts";
import { shapeError } from "./shape-checks.ts";

/** What the person who manages the pages can ask with a token of theirs. */

const USUAL_LIMIT = 25;
const USUAL_FIELDS: readonly Field[] = ["access_token", "name", "tasks"].map((name) => ({ name, sub: [] }));

const listSchema = z.object({
  limit: z.exactOptional(z.coerce.number().check(z.minimum(1), z.maximum(100))),
  after: z.exactOptional(z.string()),
});

/** @returns The answer, or null if the path is none of the person's. */
export function personDoor(call: AppCall, person: UserToken): Response | null {
  const { method, path, version, rooms } = call;
  if (method !== "GET") return null;
  if (path === "me") return graphAnswer(version, { id: "1", name: "Page manager" });
  if (path === "me/permissions") return permissions(call, person);
  if (path === "me/accounts") return accounts(call, person);
  const page = rooms.environment.pages.find(({ id }) => id === path);
  return page ? onePage(call, person, page) : null;
}

/** `GET /me/permissions`: what was declined is listed, too. */
function permissions({ version }: AppCall, { scopes }: UserToken): Response {
  const names = [...new Set([...USUAL_SCOPES, ...scopes])];
  const data = names.map((permission) => ({
    permission,
    status: scopes.includes(permission) ? "granted" : "declined",
  }));
  return graphAnswer(version, { data: [...data, { permission: "public_profile", status: "granted" }] });
}

/** `GET /me/accounts`: the pages with their tokens, in pages of `limit`, by the cursor `after`. */
function accounts(call: AppCall, person: UserToken): Response {
  const { rooms, version, parameters, token, origin } = call;
  const parsed = listSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { limit = USUAL_LIMIT, after } = parsed.data;
  const managed = person.scopes.includes("pages_show_list")
    ? rooms.environment.pages.filter(({ id }) => rooms.pages.settings(id).tasks.length > 0)
    : [];
  const begin = after === undefined ? 0 : managed.findIndex(({ id }) => btoa(id) === after) + 1;
  const shown = managed.slice(begin, begin + limit);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return graphAnswer(version, { data: [] });
  const asked = askedFields(parameters);
  const nodes = shown.map((page) => nodeFor(call, person, page, asked.length > 0 ? asked : USUAL_FIELDS));
  const unknown = nodes.find((one) => "unknown" in one);
  if (unknown) return graphErrorAnswer(version, graphErrors.noSuchField(unknown.unknown));
  const data = nodes.flatMap((one) => ("node" in one ? [one.node] : []));
  const cursors = { before: btoa(first.id), after: btoa(last.id) };
  // Meta's own has the token in it, too.
  const query = new URLSearchParams({ access_token: token, limit: String(limit), after: cursors.after });
  const next = `${origin}/${version}/1/accounts?${query}`;
  const hasMore = managed.at(-1) !== last;
  return graphAnswer(version, { data, paging: { cursors, ...(hasMore ? { next } : {}) } });
}

/** `GET /{page-id}`: with the page's token, if the person has a role there. */
function onePage(call: AppCall, person: UserToken, page: Page): Response {
  const asked = askedFields(call.parameters);
  const isManaged = call.rooms.pages.settings(page.id).tasks.length > 0;
  const fields = asked.filter(({ name }) => isManaged || name !== "access_token");
  const node = nodeFor(call, person, page, asked.length > 0 ? fields : [{ name: "name", sub: [] }]);
  return "node" in node
    ? graphAnswer(call.version, node.node)
    : graphErrorAnswer(call.version, graphErrors.noSuchField(node.unknown));
}

function nodeFor({ rooms, origin }: AppCall, { scopes }: UserToken, page: Page, asked: readonly Field[]) {
  const fields = asked.filter(
    ({ name }) => name !== "instagram_business_account" || scopes.includes("instagram_basic"),
  );
  return picked(pageNode(rooms, page, origin), fields);
}
