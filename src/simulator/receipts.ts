import type { Conversation } from "./ids.ts";
import type { Rooms } from "./rooms.ts";
import type { ThreadMessage } from "./threads.ts";
import { deliveryOf, echoOf, readMessage, readUpTo } from "./webhook/events.ts";
import { queueFor } from "./webhook/queue.ts";

/** Queues the events Meta sends after a page's message: its echo, that it was delivered, that it was read. */
export function giveReceipts(rooms: Rooms, conversation: Conversation, message: ThreadMessage): void {
  const { settings, environment, live, clock } = rooms;
  const { receipts } = settings.read();
  const appId = message.app_id === undefined ? environment.appId : message.app_id;
  if (receipts.echo) queueFor(rooms, conversation, echoOf(conversation, message, appId));
  if (receipts.delivery && !isOnInstagram(rooms, conversation)) {
    queueFor(rooms, conversation, deliveryOf(conversation, message, clock.now()));
  }
  if (receipts.read === "auto" || (receipts.read === "on_view" && live.isShown(conversation))) {
    readThread(rooms, conversation);
  }
}

/** A chat page shows this conversation: under `on_view`, what the page sent has now been read. */
export function threadShown(rooms: Rooms, conversation: Conversation): void {
  if (rooms.settings.read().receipts.read === "on_view") readThread(rooms, conversation);
}

/** Instagram has no delivery receipts, and its read receipts name a message instead of a time. */
function isOnInstagram({ pages }: Rooms, { pageId }: Conversation): boolean {
  return pages.accountOf(pageId)?.platform === "instagram";
}

function readThread(rooms: Rooms, conversation: Conversation): void {
  if (!rooms.threads.markSeen(conversation, "page")) return;
  const now = rooms.clock.now();
  const latest = rooms.threads.latest(conversation, "page");
  const item =
    isOnInstagram(rooms, conversation) && latest
      ? readMessage(conversation, latest.mid, now)
      : readUpTo(conversation, now, now);
  queueFor(rooms, conversation, item);
}
