import type { Config } from "../env.ts";
import { graphEnd } from "../pages/ends.ts";
import { answerBatch } from "./batch.ts";
import type { Door, Handle } from "./call.ts";
import { edgeNamed } from "./edges.ts";
import { identify } from "./identity.ts";
import { type Incoming, readCall, trimmed } from "./incoming.ts";
import { errorAnswer, metaErrors, oauthError } from "./meta-error.ts";
import { deletePersona, readOther, readPage } from "./nodes.ts";

/**
 * The Graph-compatible door: a Messenger bot that is written for Meta's API calls the gateway instead, with a gateway key
 * where it had a page's token (docs/door.md). What it may reach is a table (edges.ts); everything else is refused, and
 * nothing that comes in is handed on but by name.
 */

const VERSIONED = /^\/(v\d+\.\d+)(?:\/|$)/;

/** Answers a call of `/v<n>.<n>/…`, or a batch at `/`. Never throws: what goes wrong inside has Meta's shape, too. */
export async function openDoor(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  context: Door["context"],
): Promise<Response> {
  try {
    return await answerRequest(request, { config, env, context });
  } catch (error) {
    return failed(error);
  }
}

async function answerRequest(
  request: Request,
  { config, env, context }: Pick<Door, "config" | "env" | "context">,
): Promise<Response> {
  const { method } = request;
  if (method === "HEAD") return new Response(null, { status: 400 });
  if (method !== "GET" && method !== "POST" && method !== "DELETE") {
    return errorAnswer(metaErrors.unsupported(method));
  }
  const url = new URL(request.url);
  const [start = "", version = config.graph.version] = VERSIONED.exec(url.pathname) ?? [];
  const path = trimmed(url.pathname.slice(start.length));
  const read = await readCall(request, url, path);
  if (!read.ok) return errorAnswer(read.error);
  const door: Door = { config, env, context, origin: url.origin, version };
  const { call } = read;
  if (path === "" && call.method === "POST") {
    return answerBatch(call, (one) => answerCall(door, one).catch(failed));
  }
  return answerCall(door, call);
}

/** Token first, then the path, then what the call brings: as Meta goes about it. */
async function answerCall(door: Door, call: Incoming): Promise<Response> {
  const [node = "", edge, ...rest] = call.path.split("/");
  const isId = /^\d{1,32}$/.test(node);
  const who = await identify(door, call, {
    name: node,
    is: !isId ? "other" : edge === undefined ? "anything" : "page",
  });
  if (!who.ok) return errorAnswer(who.error);
  const { caller, setup } = who;
  const handle =
    rest.length === 0 && (isId || node === "me") ? handleOf(call, node, edge, setup.page) : undefined;
  if (!handle) return errorAnswer(metaErrors.notHere);
  const graph = graphEnd(door.config, setup);
  if (!graph) return errorAnswer(metaErrors.pageHasNoToken);
  return handle({ ...call, door, caller, setup, graph });
}

function handleOf(
  { method }: Incoming,
  node: string,
  edge: string | undefined,
  page: string,
): Handle | undefined {
  if (edge !== undefined) return edgeNamed(edge)?.[method];
  if (method === "GET") return node === "me" || node === page ? readPage : readOther;
  return method === "DELETE" && node !== "me" && node !== page ? deletePersona : undefined;
}

/** What went wrong inside is for the log: the client learns only that it did. */
function failed(error: unknown): Response {
  console.error({ event: "unhandled", error: error instanceof Error ? error.stack : String(error) });
  return errorAnswer(
    oauthError(1, "internal", "An unknown error occurred at the gateway", {
      status: 500,
      is_transient: false,
    }),
  );
}
