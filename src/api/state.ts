import type { IRequest } from "itty-router";
import * as z from "zod/mini";
import { STATE_MAX_BYTES } from "../conversation/limits.ts";
import type { StateRequest, StateView } from "../conversation/state.ts";
import type { Config } from "../env.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import { conversationOf, conversationSchema } from "./target.ts";
import { isoTime } from "./time.ts";

/**
 * The JSON a bot leaves with a conversation, by call. The version is also the `ETag`; `If-Match`, or `state_version` in the
 * body, makes a change conditional.
 */

const MAX_TTL_S = 365 * 24 * 60 * 60;
const putBody = z.object({
  state: z.unknown(),
  state_version: z.nullish(z.int()),
  state_ttl: z.nullish(z.int().check(z.minimum(1), z.maximum(MAX_TTL_S))),
});

/** `GET|PUT|PATCH /conversations/{conversation_id}/state`; PATCH merges (RFC 7396). */
export async function answerState(
  request: IRequest & Request,
  config: Config,
  env: Cloudflare.Env,
  caller: Caller,
): Promise<Response> {
  const id = conversationSchema.safeParse(decoded(request.params["conversation"] ?? ""));
  if (!id.success) {
    return problem({
      status: 400,
      code: "invalid_path",
      detail: "The path: /conversations/<page_id>_<user_id>/state.",
    });
  }
  const found = await conversationOf(id.data, config, env, caller);
  if (!found.ok) return found.response;
  const { line, setup } = found.target;
  if (request.method === "GET") return shown(await line.call((stub) => stub.state()));

  const body = await readBody(request, putBody);
  if (!body.ok) return body.response;
  const { state, state_version, state_ttl } = body.value;
  if (state === undefined) {
    return problem({
      status: 400,
      code: "invalid_body",
      detail: "state: there is none (null takes it away).",
    });
  }
  const version = state_version ?? versionIn(request.headers.get("if-match"));
  if (version === "malformed") {
    return problem({
      status: 400,
      code: "invalid_version",
      detail: "If-Match: an ETag of an earlier answer.",
    });
  }
  const terms = {
    version,
    ttlMs: state_ttl == null ? setup.settings.stateTtlMs : state_ttl * 1000,
  };
  const text = JSON.stringify(state);
  const change: StateRequest =
    request.method === "PUT" ? { ...terms, state: text } : { ...terms, merge: text };
  const changed = await line.call((stub) => stub.putState(change));
  if (changed.refused === null) return shown(changed);
  if (changed.refused === "too_large") {
    const detail = `state: at most ${STATE_MAX_BYTES} bytes as JSON.`;
    return problem({ status: 413, code: "state_too_large", detail });
  }
  const detail = "The state has changed since that version: read it again.";
  return problem({ status: 412, code: "stale_version", detail });
}

function shown({ state, version, until }: StateView): Response {
  return Response.json(
    { state: state === null ? null : JSON.parse(state), state_version: version, expires_at: isoTime(until) },
    { headers: { etag: `"${version}"`, "cache-control": "no-store" } },
  );
}

/** @returns `undefined`: any version will do */
function versionIn(header: string | null): number | undefined | "malformed" {
  if (header === null || header.trim() === "*") return undefined;
  const [, version] = /^\s*"(\d{1,15})"\s*$/.exec(header) ?? [];
  return version === undefined ? "malformed" : Number(version);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
