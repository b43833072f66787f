import type { Conversation } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { isOurs } from "../ownership.ts";
import type { Rooms } from "../rooms.ts";
import type { Channel } from "./envelope.ts";

interface Wishes {
  /** Where the item stands in its entry; without it the thread's owner decides between messaging and standby. */
  readonly channel?: Channel | undefined;
  /** The user's message inside, to be marked delivered later. */
  readonly mid?: string | null;
  /** Stands beside the item in its entry. */
  readonly hopContext?: JsonObject["string"] | undefined;
}

/**
 * Queues an event of this conversation for the webhook, if app and page are subscribed to it, and sets the sender
 * to work. Returns at once.
 */
export function queueFor(
  rooms: Rooms,
  conversation: Conversation,
  item: JsonObject,
  { channel, mid = null, hopContext }: Wishes = {},
): void {
  const { pageId, userId } = conversation;
  const account = rooms.pages.accountOf(pageId);
  const object = account?.platform === "instagram" ? "instagram" : "page";
  const list = channel ?? (isOurs(rooms, conversation) ? "messaging" : "standby");
  if (!rooms.subscriptions.let(account?.page.id ?? pageId, object, list, item)) return;
  rooms.outbox.add({
    accountId: pageId,
    object,
    channel: list,
    group: userId,
    mid,
    item,
    hopContext: hopContext ?? null,
  });
  rooms.sender.wake(pageId);
}
