import * as z from "zod/mini";
import type { Conversation } from "../ids.ts";
import type { Rooms } from "../rooms.ts";
import { findUser } from "./views.ts";

const HOUR_MS = 3_600_000;

/** The body of `POST /_sim/users/{psid}/window`. */
export const windowSchema = z.strictObject({
  hours_ago: z.number().check(z.minimum(0)),
  page_id: z.exactOptional(z.string()),
});

/**
 * Moves the person's past with this page so that their last act was so many hours ago. Comments and tokens move
 * along: all windows go by the same time.
 */
export function movePast(
  rooms: Rooms,
  conversation: Conversation,
  { hours_ago }: z.infer<typeof windowSchema>,
) {
  findUser(rooms, conversation.userId);
  const wanted = rooms.clock.now() - Math.round(hours_ago * HOUR_MS);
  const before = rooms.conversations.lastUserAt(conversation) ?? rooms.grants.lastGivenAt(conversation);
  if (before !== null) {
    rooms.conversations.age(conversation, before - wanted);
    rooms.grants.age(conversation, before - wanted);
  }
  return { last_user_at: rooms.conversations.lastUserAt(conversation), now: rooms.clock.now() };
}
