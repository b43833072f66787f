import type { Conversation } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import { giveThreadTo, isOurs } from "./ownership.ts";
import type { Rooms } from "./rooms.ts";
import { queueFor } from "./webhook/queue.ts";

/** An app's step in a thread: it gives it to another app, takes it, asks for it, or lets it go. */
export interface Step {
  readonly action: "pass" | "take" | "request" | "release";
  /** Who acts. */
  readonly appId: string;
  /** To whom it is passed; of no meaning for the other steps. */
  readonly targetAppId: string;
  readonly metadata?: string | undefined;
  /** Simulated milliseconds. */
  readonly timestamp: number;
}

/**
 * Carries the step out and tells our app, if another one acted and ours is concerned: as the new owner, as the
 * previous one (also of an idle thread that was ours by default), or as the one that is asked.
 *
 * @returns The item our app gets, or null if it gets none.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_handovers
 */
export function handOver(rooms: Rooms, conversation: Conversation, step: Step): JsonObject | null {
  const ours = rooms.environment.appId;
  const previous = rooms.owners.of(conversation)?.appId ?? null;
  const wasOurs = isOurs(rooms, conversation);
  if (step.action === "pass") giveThreadTo(rooms, conversation, step.targetAppId);
  if (step.action === "take") giveThreadTo(rooms, conversation, step.appId);
  if (step.action === "release") rooms.owners.clear(conversation);
  rooms.live.changed(conversation);

  const event = eventOf(step, previous);
  const next = step.action === "pass" ? step.targetAppId : step.appId;
  const concerned = wasOurs || (step.action !== "request" && next === ours);
  if (!event || !concerned || step.appId === ours) return null;
  const { pageId, userId } = conversation;
  const item = { sender: { id: userId }, recipient: { id: pageId }, timestamp: step.timestamp, ...event };
  queueFor(rooms, conversation, item, { channel: "messaging" });
  return item;
}

function eventOf({ action, appId, targetAppId, metadata }: Step, previous: string | null): JsonObject | null {
  const more = metadata === undefined ? {} : { metadata };
  switch (action) {
    case "pass":
      return {
        pass_thread_control: {
          previous_owner_app_id: previous,
          new_owner_app_id: targetAppId,
          ...more,
        },
      };
    case "take":
      return {
        take_thread_control: { previous_owner_app_id: previous, new_owner_app_id: appId, ...more },
      };
    case "request":
      return { request_thread_control: { requested_owner_app_id: appId, ...more } };
    case "release":
      return null;
  }
}
