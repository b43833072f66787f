import type { Rooms } from "../rooms.ts";
import { graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";
import { readPage, readUser } from "./nodes.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import { send } from "./send.ts";
import { checkToken } from "./token.ts";

const VERSIONED = /^\/(v\d+\.\d+)\/(.*?)\/?$/;

/** @returns Whether the path belongs to the Graph API: `/v25.0/…`, in any version. */
export function isGraphPath(pathname: string): boolean {
  return VERSIONED.test(pathname);
}

/** Answers a Graph API call. Token first, then path, then parameters, as Meta does. */
export async function graphDoor(rooms: Rooms, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const [, version = "", path = ""] = VERSIONED.exec(url.pathname) ?? [];
  const [node = "", edge, ...rest] = path.split("/");
  const parameters = await readParameters(request);
  if (!parameters) {
    return graphErrorAnswer(version, graphErrors.badParameter("The request body is not a valid JSON object"));
  }
  const check = await checkToken(rooms.environment, request, parameters, node);
  if (!check.ok) return graphErrorAnswer(version, check.error);
  const { page } = check;
  const isOwnPage = node === "me" || node === page.id;

  if (request.method === "POST" && edge === "messages" && rest.length === 0) {
    if (!isOwnPage) return graphErrorAnswer(version, graphErrors.noSuchObject("post", node));
    return await send(rooms, page, version, parameters);
  }
  if (request.method === "GET" && edge === undefined && /^(me|\d+)$/.test(node)) {
    const fields = fieldsOf(parameters);
    if (isOwnPage) return readPage(page, version, fields);
    return readUser(rooms, page, version, node, fields, url.origin);
  }
  return graphErrorAnswer(version, graphErrors.unknownPath(path));
}

function fieldsOf({ fields }: Parameters): readonly string[] {
  return typeof fields === "string" ? fields.split(",").filter((field) => field !== "") : [];
}
