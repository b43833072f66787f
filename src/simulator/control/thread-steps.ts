import * as z from "zod/mini";
import { handOver } from "../handover.ts";
import { type Conversation, userIdSchema } from "../ids.ts";
import { PAGE_INBOX } from "../pages.ts";
import type { Rooms } from "../rooms.ts";
import { Refusal } from "./answers.ts";

/** The body of `POST /_sim/users/{psid}/thread-control`: what another app does with the thread. */
export const threadStepSchema = z.strictObject({
  action: z.enum(["pass", "take", "request", "release"]),
  app_id: z._default(userIdSchema, PAGE_INBOX),
  target_app_id: z.exactOptional(userIdSchema),
  metadata: z.exactOptional(z.string()),
  page_id: z.exactOptional(z.string()),
  timestamp: z.exactOptional(z.int().check(z.gt(0))),
});

/**
 * Lets another app pass, take, request or release the thread.
 *
 * @returns Who owns it now, and the event our app gets, or null.
 * @throws Refusal if the app passes or releases what another one owns.
 */
export function threadStep(
  rooms: Rooms,
  conversation: Conversation,
  { action, app_id, target_app_id, metadata, timestamp }: z.infer<typeof threadStepSchema>,
) {
  const owner = rooms.owners.of(conversation);
  if ((action === "pass" || action === "release") && owner && owner.appId !== app_id) {
    throw new Refusal(409, "not_thread_owner", `The thread is owned by app ${owner.appId}, not ${app_id}.`);
  }
  rooms.users.findOrMake(conversation.userId);
  const event = handOver(rooms, conversation, {
    action,
    appId: app_id,
    targetAppId: target_app_id ?? rooms.environment.appId,
    metadata,
    timestamp: timestamp ?? rooms.clock.now(),
  });
  return { ...ownerView(rooms, conversation), event };
}

/** Who owns the thread and until when; null for an idle one. */
export function ownerView(rooms: Rooms, conversation: Conversation) {
  const owner = rooms.owners.of(conversation);
  return { owner_app_id: owner?.appId ?? null, expires_at: owner?.expiresAt ?? null };
}
