import type { Conversation } from "./ids.ts";
import type { Rooms } from "./rooms.ts";
import type { ThreadMessage } from "./threads.ts";
import { deliveryOf, echoOf, readUpTo } from "./webhook/events.ts";

/** Queues the events Meta sends after a page's message: its echo, that it was delivered, that it was read. */
export function giveReceipts(rooms: Rooms, conversation: Conversation, message: ThreadMessage): void {
  const { outbox, sender, settings, environment, live, clock } = rooms;
  const { receipts } = settings.read();
  if (receipts.echo) outbox.add(conversation, echoOf(conversation, message, environment.appId), null);
  if (receipts.delivery) outbox.add(conversation, deliveryOf(conversation, message, clock.now()), null);
  if (receipts.read === "auto" || (receipts.read === "on_view" && live.isShown(conversation))) {
    readThread(rooms, conversation);
  }
  sender.wake(conversation.pageId);
}

/** A chat page shows this conversation: under `on_view`, what the page sent has now been read. */
export function threadShown(rooms: Rooms, conversation: Conversation): void {
  if (rooms.settings.read().receipts.read !== "on_view") return;
  readThread(rooms, conversation);
  rooms.sender.wake(conversation.pageId);
}

function readThread({ threads, outbox, clock }: Rooms, conversation: Conversation): void {
  if (!threads.markSeen(conversation, "page")) return;
  const now = clock.now();
  outbox.add(conversation, readUpTo(conversation, now, now), null);
}
