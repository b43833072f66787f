import * as z from "zod/mini";
import { handOver } from "../handover.ts";
import type { Conversation } from "../ids.ts";
import { giveThreadTo } from "../ownership.ts";
import type { PageSettings } from "../pages.ts";
import { answer, type Edge, fail, type GraphCall } from "./call.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import { conversationWith } from "./recipients.ts";
import { shapeError, textUpTo } from "./shape-checks.ts";

type Action = "pass" | "take" | "request" | "release";

const id = z.pipe(z.union([z.string(), z.int()]), z.transform(String));

const schema = z.object({
  recipient: z.object({ id }),
  target_app_id: z.exactOptional(id),
  metadata: z.exactOptional(textUpTo(1000)),
});

const extension = z.object({
  recipient: z.object({ id }),
  /** Seconds, 7 days at most. */
  duration: z.exactOptional(z.coerce.number().check(z.gt(0), z.maximum(604_800))),
});

/**
 * `POST /{page}/pass_thread_control` and its sisters.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/handover-protocol/conversation-control
 */
export function controlThread(action: Action): Edge {
  return (call) => {
    const { rooms, page, parameters } = call;
    const parsed = schema.safeParse(parameters);
    if (!parsed.success) return fail(call, shapeError(parsed.error));
    const { recipient, target_app_id, metadata } = parsed.data;
    const conversation = conversationWith(call, recipient.id);
    if (!conversation) return fail(call, graphErrors.noMatchingUser);
    const settings = rooms.pages.settings(page.id);
    const error =
      disabled(action, settings) ??
      forbidden(call, conversation, action) ??
      (action === "pass" ? forbiddenTarget(call, settings, target_app_id) : null);
    if (error) return fail(call, error);
    handOver(rooms, conversation, {
      action,
      appId: rooms.environment.appId,
      targetAppId: target_app_id ?? "",
      metadata,
      timestamp: rooms.clock.now(),
    });
    return answer(call, { success: true });
  };
}

/** `POST /{page}/extend_thread_control`: more time for the owner, 7 days at most. */
export function extendThread(call: GraphCall): Response {
  const { rooms, page, parameters } = call;
  const parsed = extension.safeParse(parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const conversation = conversationWith(call, parsed.data.recipient.id);
  if (!conversation) return fail(call, graphErrors.noMatchingUser);
  if (rooms.pages.settings(page.id).handover_apis !== "all") return fail(call, graphErrors.handoverDisabled);
  const appId = rooms.environment.appId;
  if (rooms.owners.of(conversation)?.appId !== appId) return fail(call, graphErrors.notThreadOwner);
  if (parsed.data.duration === undefined) giveThreadTo(rooms, conversation, appId);
  else {
    const expiresAt = rooms.clock.now() + parsed.data.duration * 1000;
    rooms.owners.set(conversation, { appId, expiresAt });
  }
  return answer(call, { success: true });
}

/** `GET /{page}/thread_owner?recipient=`: who owns the thread; no one, when it is idle. */
export function readThreadOwner(call: GraphCall): Response {
  const { rooms, parameters } = call;
  const recipient = parameters["recipient"];
  if (typeof recipient !== "string" && typeof recipient !== "number") {
    return fail(call, graphErrors.badParameter("The parameter recipient is required"));
  }
  const conversation = conversationWith(call, String(recipient));
  if (!conversation) return fail(call, graphErrors.noMatchingUser);
  const owner = rooms.owners.of(conversation);
  if (!owner) return answer(call, { data: [] });
  const expiration = Math.floor(owner.expiresAt / 1000);
  return answer(call, { data: [{ thread_owner: { app_id: owner.appId, expiration } }] });
}

/** `GET /{page}/secondary_receivers`: the other apps on the page. */
export function readSecondaryReceivers(call: GraphCall): Response {
  const { rooms, page } = call;
  const { apps } = rooms.pages.settings(page.id);
  return answer(call, { data: apps.map(({ id, name }) => ({ id, name })) });
}

function disabled(action: Action, { handover_apis }: PageSettings): GraphError | null {
  if (handover_apis === "all") return null;
  const works = handover_apis === "pass_and_release" && (action === "pass" || action === "release");
  return works ? null : graphErrors.handoverDisabled;
}

/** Only the owner passes and releases; anybody takes an idle thread, from its owner only the default app does. */
function forbidden(
  { rooms, page }: GraphCall,
  conversation: Conversation,
  action: Action,
): GraphError | null {
  const ours = rooms.environment.appId;
  const owner = rooms.owners.of(conversation);
  if (!owner || owner.appId === ours || action === "request") return null;
  if (action !== "take") return graphErrors.notThreadOwner;
  const { default_app_id } = rooms.pages.settings(page.id);
  return (default_app_id ?? ours) === ours ? null : graphErrors.notPrimary;
}

function forbiddenTarget(
  { rooms }: GraphCall,
  { apps }: PageSettings,
  target: string | undefined,
): GraphError | null {
  if (target === undefined) return graphErrors.badParameter("The parameter target_app_id is required");
  if (target === rooms.environment.appId || apps.some(({ id }) => id === target)) return null;
  return graphErrors.badParameter("Param target_app_id must be the id of an app on this page");
}
