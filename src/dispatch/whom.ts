import type { OutgoingBody } from "../conversation/work.ts";
import type { Recipient } from "../graph/recipient.ts";
import { recipientOf, type UserId } from "../ids.ts";
import { isObject } from "../messages/inside.ts";

/** Whom a message goes to: the conversation's user, unless it names a recipient; `checkBody` has seen to its form. */
export const recipientIn = ({ recipient }: OutgoingBody, user: UserId): Recipient =>
  isNamed(recipient) ? recipient : recipientOf(user);

/** What a message to this recipient uses up: a comment's id, or a token that is good for one. */
export function permitIn(recipient: Recipient): string | undefined {
  if ("comment_id" in recipient) return String(recipient.comment_id);
  return "one_time_notif_token" in recipient ? recipient.one_time_notif_token : undefined;
}

const isNamed = (recipient: unknown): recipient is Recipient => isObject(recipient);
