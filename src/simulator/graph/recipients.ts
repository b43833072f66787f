import type { Grant, GrantKind } from "../grants.ts";
import type { Conversation } from "../ids.ts";
import type { GraphCall } from "./call.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import type { Recipient } from "./send-shape.ts";

/** To whom a send goes, and by what right. */
export type Resolved =
  | {
      readonly ok: true;
      readonly conversation: Conversation;
      /** What the person gave that allows this send, if it is not their last message. */
      readonly grant: Grant | null;
      /** When the person last wrote (simulated milliseconds); null where no window applies. */
      readonly lastUserAt: number | null;
    }
  | { readonly ok: false; readonly error: GraphError };

const refuse = (error: GraphError): Resolved => ({ ok: false, error });

/** The conversations this call can be about: those of its node, or of all accounts of its token's page. */
function accountIdsOf({ rooms, page, node }: GraphCall): readonly string[] {
  const accounts = rooms.pages.accountsOf(page);
  const own = accounts.filter(({ id, platform }) => id === node && platform === "instagram");
  return (own.length > 0 ? own : accounts).map(({ id }) => id);
}

/** @returns The conversation with this person, if they have ever written. */
export function conversationWith(call: GraphCall, userId: string): Conversation | null {
  for (const pageId of accountIdsOf(call)) {
    if (call.rooms.conversations.lastUserAt({ pageId, userId }) !== null) return { pageId, userId };
  }
  return null;
}

/** Finds the person a send names, in any of Meta's forms, and checks that the form may be used (again). */
export function resolve(call: GraphCall, recipient: Recipient): Resolved {
  const { rooms, page } = call;
  if (recipient.id !== undefined) return byId(call, recipient.id);
  if (recipient.user_ref !== undefined) return byUserRef(call, recipient.user_ref);
  if (recipient.comment_id !== undefined) return byActivity(call, "comment", recipient.comment_id);
  if (recipient.post_id !== undefined) return byActivity(call, "post", recipient.post_id);
  if (recipient.one_time_notif_token !== undefined) {
    const grant = grantOf(call, "one_time", recipient.one_time_notif_token);
    if (!grant || grant.uses > 0 || grant.expiresAt <= rooms.clock.now()) {
      return refuse(graphErrors.spentToken("one_time_notif_token"));
    }
    return { ok: true, conversation: grant, grant, lastUserAt: null };
  }
  if (recipient.notification_messages_token !== undefined) {
    return byMarketingToken(call, recipient.notification_messages_token);
  }
  const user = rooms.users.findByPhone(recipient.phone_number ?? "");
  if (!user) return refuse(graphErrors.noMatchingUser);
  const conversation = { pageId: page.id, userId: user.id };
  return { ok: true, conversation, grant: null, lastUserAt: null };
}

function byId(call: GraphCall, userId: string): Resolved {
  const conversation = conversationWith(call, userId);
  if (!conversation) return refuse(graphErrors.noMatchingUser);
  const lastUserAt = call.rooms.conversations.lastUserAt(conversation);
  return { ok: true, conversation, grant: null, lastUserAt };
}

function byUserRef(call: GraphCall, token: string): Resolved {
  const grant = grantOf(call, "user_ref", token);
  if (!grant) return refuse(graphErrors.noMatchingUser);
  if (grant.uses > 0) return refuse(graphErrors.spentToken("user_ref"));
  if (grant.expiresAt <= call.rooms.clock.now()) return refuse(graphErrors.outsideWindow);
  return { ok: true, conversation: grant, grant, lastUserAt: null };
}

function byActivity(call: GraphCall, kind: "comment" | "post", token: string): Resolved {
  const grant = grantOf(call, kind, token);
  if (!grant) return refuse(graphErrors.badReplyTarget(`${kind}_id`));
  if (grant.uses > 0) return refuse(graphErrors.alreadyReplied);
  if (grant.expiresAt <= call.rooms.clock.now()) return refuse(graphErrors.outsideWindow);
  return { ok: true, conversation: grant, grant, lastUserAt: null };
}

function byMarketingToken(call: GraphCall, token: string): Resolved {
  const grant = grantOf(call, "marketing", token);
  const now = call.rooms.clock.now();
  if (!grant || grant.expiresAt <= now) return refuse(graphErrors.spentToken("notification_messages_token"));
  if (grant.stopped) return refuse(graphErrors.stoppedToken);
  if (grant.uses > 0 && now - grant.usedAt < grant.pauseMs) return refuse(graphErrors.tooFrequent);
  return { ok: true, conversation: grant, grant, lastUserAt: null };
}

function grantOf(call: GraphCall, kind: GrantKind, token: string): Grant | null {
  const grant = call.rooms.grants.find(kind, token);
  return grant && accountIdsOf(call).includes(grant.pageId) ? grant : null;
}
