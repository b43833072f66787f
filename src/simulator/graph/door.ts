import * as z from "zod/mini";
import type { Rooms } from "../rooms.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { appDoor } from "./app-calls.ts";
import { batched, readBatch } from "./batch.ts";
import { fail, type GraphCall } from "./call.ts";
import { loginDialog } from "./dialog.ts";
import { NODE_CALLS, OWN_EDGES } from "./edges.ts";
import { graphErrors } from "./errors.ts";
import { accessToken } from "./login.ts";
import { isOwnNode } from "./nodes.ts";
import { readInput } from "./parameters.ts";
import { underFault } from "./send.ts";
import { checkToken, tokenOf } from "./token.ts";

const errorSchema = z.object({ error: z.object({ code: z.number() }) });

const VERSIONED = /^\/(v\d+\.\d+)(?:\/(.*?))?\/?$/;

/** The version of a batch sent to `/`. */
const LATEST = "v25.0";

/** @returns Whether the call belongs to the Graph API: `/v25.0/…`, in any version, or a batch. */
export function isGraphCall({ method }: Request, pathname: string): boolean {
  return VERSIONED.test(pathname) || (pathname === "/" && method === "POST");
}

/** Answers a Graph API call, or each call of a batch, and notes how it went. */
export async function graphDoor(rooms: Rooms, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, version = LATEST, path = ""] = VERSIONED.exec(pathname) ?? [];
  const response =
    path === "" && request.method === "POST"
      ? await answerBatch(rooms, request, version)
      : await answerCall(rooms, request, version, path);
  rooms.calls.record({
    time: Date.now(),
    method: request.method,
    path: pathname,
    status: response.status,
    code: response.status < 400 ? null : await codeOf(response.clone()),
  });
  return response;
}

/** Token first, then path, then parameters, as Meta does. */
async function answerCall(rooms: Rooms, request: Request, version: string, path: string): Promise<Response> {
  const [node = "", edge, ...rest] = path.split("/");
  const input = await readInput(request);
  if (!input) {
    return graphErrorAnswer(version, graphErrors.badParameter("The request body is not a valid JSON object"));
  }
  const { method } = request;
  const { parameters } = input;
  if (path === "dialog/oauth" && method === "GET") return loginDialog(rooms, version, parameters);
  if (path === "oauth/access_token") return await accessToken(rooms, version, parameters);
  const token = tokenOf(request, parameters);
  const { origin } = new URL(request.url);
  const ofApp = await appDoor({ rooms, method, version, path, parameters, token, origin });
  if (ofApp) return ofApp;
  const check = await checkToken(rooms, request, parameters, node);
  if (!check.ok) return graphErrorAnswer(version, check.error);
  const call: GraphCall = { ...input, rooms, page: check.page, version, node, origin };

  const known = edge === undefined ? NODE_CALLS : OWN_EDGES[edge];
  const work = known?.[method];
  if (!work || rest.length > 0 || !/^(me|\d+)$/.test(node)) return fail(call, graphErrors.unknownPath(path));
  if (edge !== undefined && !isOwnNode(call)) {
    return fail(call, graphErrors.noSuchObject(verbOf(method), node));
  }
  if (edge === "messages") return await work(call);
  return await underFault(call, rooms.faults.takeForCall(), () => work(call));
}

/** One after the other, since a later call may rely on an earlier one. */
async function answerBatch(rooms: Rooms, request: Request, version: string): Promise<Response> {
  const input = await readInput(request);
  if (!input) {
    return graphErrorAnswer(version, graphErrors.badParameter("The request body is not a valid JSON object"));
  }
  const base = `${new URL(request.url).origin}/${version}/`;
  const reading = readBatch(base, input.parameters, request.headers.get("Authorization"));
  if (!reading.ok) return graphErrorAnswer(version, reading.error);
  const answers = [];
  for (const one of reading.requests) {
    answers.push(await batched(await graphDoor(rooms, one), reading.withHeaders));
  }
  return graphAnswer(version, answers);
}

async function codeOf(response: Response): Promise<number | null> {
  const answer = errorSchema.safeParse(await response.json());
  return answer.success ? answer.data.error.code : null;
}

function verbOf(method: string): "get" | "post" | "delete" {
  if (method === "POST") return "post";
  return method === "DELETE" ? "delete" : "get";
}
