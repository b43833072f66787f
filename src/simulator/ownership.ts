import type { Conversation } from "./ids.ts";
import type { Rooms } from "./rooms.ts";

const HOUR_MS = 3_600_000;

/** @returns The app whose turn it is: the thread's owner, or for an idle thread the page's default app. */
function appInCharge(rooms: Rooms, conversation: Conversation): string {
  const { environment, owners, pages } = rooms;
  const { conversation_routing, default_app_id } = pages.settingsOfAccount(conversation.pageId);
  const whenIdle = conversation_routing ? (default_app_id ?? environment.appId) : environment.appId;
  return owners.of(conversation)?.appId ?? whenIdle;
}

/** @returns Whether our app gets this thread's events as `messaging` rather than `standby`. */
export function isOurs(rooms: Rooms, conversation: Conversation): boolean {
  return appInCharge(rooms, conversation) === rooms.environment.appId;
}

/** Makes the app the thread's owner for as long as the page's settings say. */
export function giveThreadTo(rooms: Rooms, conversation: Conversation, appId: string): void {
  const { ownership_hours } = rooms.pages.settingsOfAccount(conversation.pageId);
  rooms.owners.set(conversation, { appId, expiresAt: rooms.clock.now() + ownership_hours * HOUR_MS });
}

/** The person wrote or tapped: the thread's ownership, if there is one, runs anew. */
export function renewOwnership(rooms: Rooms, conversation: Conversation): void {
  const owner = rooms.owners.of(conversation);
  if (owner) giveThreadTo(rooms, conversation, owner.appId);
}

/** An app wrote: under conversation routing it takes an idle thread, and an ownership it has runs anew. */
export function appWrote(rooms: Rooms, conversation: Conversation, appId: string): void {
  const owner = rooms.owners.of(conversation);
  if (owner?.appId === appId) giveThreadTo(rooms, conversation, appId);
  const { conversation_routing } = rooms.pages.settingsOfAccount(conversation.pageId);
  if (!owner && conversation_routing) giveThreadTo(rooms, conversation, appId);
}
