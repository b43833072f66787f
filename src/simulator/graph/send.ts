import type { GraphFault } from "../faults.ts";
import type { Conversation } from "../ids.ts";
import { type Acceptable, acceptAction, acceptMessage } from "./accept.ts";
import { answer, fail, type GraphCall } from "./call.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import { brokenAnswer, faultAnswer } from "./fault-answer.ts";
import { forbiddenOnInstagram, forbiddenOnMessenger } from "./instagram-limits.ts";
import { mediaForbidden } from "./media.ts";
import { forbiddenBy } from "./policy.ts";
import { resolve } from "./recipients.ts";
import { type Send, saysNothing, sendSchema } from "./send-shape.ts";
import { shapeError } from "./shape-checks.ts";

/** A fault that hangs without a delay of its own ends after this long, in milliseconds. */
const HANG_MS = 120_000;

type Checked =
  | { readonly ok: true; readonly acceptable: Acceptable }
  | { readonly ok: false; readonly error: GraphError };

const refuse = (error: GraphError): Checked => ({ ok: false, error });

/** `POST /{page}/messages`: checks, then lets a fault interfere, then accepts. Faults meet only what passed. */
export async function send(call: GraphCall): Promise<Response> {
  const checked = check(call);
  if (!checked.ok) return fail(call, checked.error);
  const { acceptable } = checked;
  const kind = acceptable.send.message ? "messages" : "actions";
  const fault = call.rooms.faults.takeForSend({ userId: acceptable.conversation.userId, kind });
  return await underFault(call, fault, () => answer(call, accept(call, acceptable)));
}

/** Does the work as the fault allows: at once, late, in vain, or not at all. */
export async function underFault(
  { rooms, version }: GraphCall,
  fault: GraphFault | null,
  work: () => Response | Promise<Response>,
): Promise<Response> {
  if (!fault) return await work();
  // A caller that gives up waiting must still find its message in the thread, so this comes before the wait.
  if (fault.outcome === "accept_then_fail") await work();
  const wait = fault.outcome === "hang" ? fault.delay_ms || HANG_MS : fault.delay_ms;
  if (wait > 0 && (await rooms.interruption.wait(wait)) === "interrupted") return brokenAnswer(version);
  switch (fault.outcome) {
    case "accept":
      return await work();
    case "reject":
      return faultAnswer(version, fault);
    case "accept_then_fail":
      return fault.status === undefined && fault.error === undefined
        ? brokenAnswer(version)
        : faultAnswer(version, fault);
    case "hang":
      return brokenAnswer(version);
  }
}

function accept(call: GraphCall, acceptable: Acceptable) {
  return acceptable.send.message
    ? acceptMessage(call, acceptable, acceptable.send.message)
    : acceptAction(call, acceptable);
}

function check(call: GraphCall): Checked {
  const { rooms, page, parameters } = call;
  if (!("recipient" in parameters)) {
    return refuse(graphErrors.badParameter("The parameter recipient is required"));
  }
  const parsed = sendSchema.safeParse(parameters);
  if (!parsed.success) return refuse(shapeError(parsed.error));
  const send = parsed.data;
  if (send.message && saysNothing(send.message)) return refuse(graphErrors.emptyMessage);

  const resolved = resolve(call, send.recipient);
  if (!resolved.ok) return refuse(resolved.error);
  const { conversation, grant, lastUserAt } = resolved;
  const error =
    forbiddenByPlatform(call, conversation, send) ??
    forbiddenByThread(call, conversation) ??
    forbiddenReply(call, conversation, send) ??
    (send.message ? mediaForbidden(call, send.message) : forbiddenAction(call, conversation, send)) ??
    (send.message
      ? forbiddenBy(send, {
          lastUserAt,
          now: rooms.clock.now(),
          humanAgent: rooms.pages.settings(page.id).human_agent,
        })
      : null);
  return error ? refuse(error) : { ok: true, acceptable: { conversation, grant, send } };
}

function forbiddenByPlatform(
  { rooms, page }: GraphCall,
  { pageId }: Conversation,
  send: Send,
): GraphError | null {
  const onInstagram = rooms.pages.accountOf(pageId)?.platform === "instagram";
  const error = onInstagram ? forbiddenOnInstagram(send) : forbiddenOnMessenger(send);
  if (error) return error;
  if (send.persona_id !== undefined && !rooms.personas.find(page.id, send.persona_id)) {
    return graphErrors.badParameter("Param persona_id must be the id of a persona of this page");
  }
  if (send.thread_control && !rooms.pages.settings(page.id).conversation_routing) {
    return graphErrors.badParameter("Param thread_control needs conversation routing");
  }
  return null;
}

function forbiddenByThread({ rooms }: GraphCall, conversation: Conversation): GraphError | null {
  const user = rooms.users.find(conversation.userId);
  if (user && !rooms.users.traitsOf(user).available) return graphErrors.unavailable;
  const owner = rooms.owners.of(conversation);
  return owner && owner.appId !== rooms.environment.appId ? graphErrors.notThreadOwner : null;
}

function forbiddenReply(
  { rooms }: GraphCall,
  conversation: Conversation,
  { message }: Send,
): GraphError | null {
  const mid = message?.reply_to?.mid;
  if (mid === undefined || rooms.threads.find(conversation, mid)) return null;
  return graphErrors.badParameter("Param message[reply_to][mid] must be a message of this conversation");
}

function forbiddenAction(
  { rooms }: GraphCall,
  conversation: Conversation,
  { payload, recipient }: Send,
): GraphError | null {
  if (recipient.id === undefined && recipient.user_ref === undefined) {
    return graphErrors.badParameter("Param recipient must have id or user_ref with a sender_action");
  }
  if (!payload || rooms.threads.find(conversation, payload.message_id)) return null;
  return graphErrors.badParameter("Param payload[message_id] must be a message of this conversation");
}
