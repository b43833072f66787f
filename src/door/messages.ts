import type { Ending, MetaAnswer, OutgoingBody } from "../conversation/work.ts";
import { PAGE_ITSELF, type UserId, userId, userIdOfPhone, userIdOfRef } from "../ids.ts";
import { checkBody } from "../messages/check.ts";
import { isObject } from "../messages/inside.ts";
import type { DoorCall, Handle } from "./call.ts";
import { structured } from "./incoming.ts";
import { errorAnswer, invalid, JSON_HEADERS } from "./meta-error.ts";
import { notSettled, refusedAs } from "./refusals.ts";
import { ownParameters } from "./relay.ts";
import { keepFile } from "./uploads.ts";
import { lineOf, sendAndWait } from "./waiting.ts";

/** `POST /{page}/messages`: checked, recorded and sent in the conversation's order, then answered as Meta has answered. */
export const sendMessage: Handle = async (call) => {
  if (!call.file) return sendBody(call, call.body, {});
  const kept = await keepFile(call, call.file);
  return kept.ok ? sendBody(call, kept.body, kept.shown) : kept.response;
};

/** Members that forms have as JSON text. */
const STRUCTURED: ReadonlySet<string> = new Set(["recipient", "message", "payload", "thread_control"]);

/** @param shown what the answer has beside Meta's */
async function sendBody(
  call: DoorCall,
  given: DoorCall["body"],
  shown: Record<string, string>,
): Promise<Response> {
  const own = Object.entries(ownParameters({ ...call.query, ...given }));
  const body: OutgoingBody = Object.fromEntries(
    own.map(([name, value]) => [name, STRUCTURED.has(name) ? structured(value) : value]),
  );
  if (body["message"] === undefined && body["sender_action"] === undefined) {
    return errorAnswer(invalid("Param message or sender_action is required"));
  }
  const { recipient } = body;
  if (!isObject(recipient)) return errorAnswer(invalid("The parameter recipient is required"));
  const user = userIn(recipient);
  if (user === undefined) return errorAnswer(invalid("recipient: not in a form of Meta's"));
  const line = lineOf(call, user);
  const { platform } = await line.call((stub) => stub.info(call.setup.settings.handBackMs));
  // One call is one message: the answer has room for one id.
  const checked = checkBody(body, { platform, path: "", split: false });
  if (!checked.ok) {
    const { path, message } = checked.issue;
    return errorAnswer(invalid(path === "" ? message : `${path}: ${message}`));
  }
  const [only] = checked.bodies;
  if (!only) return errorAnswer(invalid("Message cannot be empty"));
  const sent = await sendAndWait(call, line, only);
  return sent.ok ? sentAnswer(sent.ending, user, shown) : errorAnswer(refusedAs(sent.refusal));
}

/**
 * Whose conversation it is. Behind a comment, a post or a token stands somebody whom only Meta knows: those are the page's
 * own. @returns `undefined` for what can't be the name of anybody
 */
function userIn(recipient: Record<string, unknown>): UserId | undefined {
  const { id, user_ref: ref, phone_number: phone } = recipient;
  if (id !== undefined) return textLike(/^[\w.-]{1,128}$/, id, userId);
  if (ref !== undefined) return textLike(/^[\w.:-]{1,120}$/, ref, userIdOfRef);
  if (phone !== undefined) return textLike(/^\+?[\d\s().-]{6,30}$/, phone, userIdOfPhone);
  return PAGE_ITSELF;
}

/** Ids come as numbers, too; those that lost digits on their way are nobody's. */
function textLike(pattern: RegExp, value: unknown, made: (text: string) => UserId): UserId | undefined {
  const isText = typeof value === "string" || Number.isSafeInteger(value);
  return isText && pattern.test(String(value)) ? made(String(value)) : undefined;
}

function sentAnswer(ending: Ending, user: UserId, shown: Record<string, string>): Response {
  if (ending.state !== "sent") return failedAnswer(ending);
  const told = ending.meta && withMembers(ending.meta, shown);
  if (told) return told;
  // Its echo has told.
  const whom = /^[\w.-]+$/.test(user) && user !== PAGE_ITSELF ? { recipient_id: user } : {};
  const what = ending.mid === null ? {} : { message_id: ending.mid };
  return new Response(JSON.stringify({ ...whom, ...what, ...shown }), { headers: JSON_HEADERS });
}

/** What didn't go out: in Meta's words, if it said any. */
export function failedAnswer({ state, meta, code, reason }: Ending): Response {
  if (state === "unknown") return errorAnswer(notSettled);
  const isMetas = meta !== null && /^\s*\{\s*"error"/.test(meta.body);
  return isMetas
    ? new Response(meta.body, { status: meta.status, headers: JSON_HEADERS })
    : errorAnswer(refusedAs({ code: code ?? "unknown", reason: reason ?? "" }));
}

function withMembers({ status, body }: MetaAnswer, shown: Record<string, string>): Response | undefined {
  const json: unknown = JSON.parse(body);
  if (!isObject(json)) return undefined;
  const whole = Object.keys(shown).length === 0 ? body : JSON.stringify({ ...shown, ...json });
  return new Response(whole, { status, headers: JSON_HEADERS });
}
