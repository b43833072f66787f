import type { Conversation } from "../ids.ts";
import { textAt } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import type { Content, ThreadMessage } from "../threads.ts";
import type { User } from "../users.ts";
import { Refusal } from "./answers.ts";

/** A user as lists and threads show them. */
function userView(user: User) {
  return {
    ...user,
    name: `${user.first_name} ${user.last_name}`,
    profile_pic: `/_sim/users/${user.id}/picture`,
  };
}

/** A user with all that can be set of them. */
export function wholeUserView(rooms: Rooms, user: User) {
  return { ...userView(user), ...rooms.users.traitsOf(user) };
}

/** @throws Refusal if nobody has this id. */
export function findUser(rooms: Rooms, userId: string): User {
  const user = rooms.users.find(userId);
  if (!user)
    throw new Refusal(
      404,
      "no_such_user",
      `There is no user ${userId}. A user begins with a message or PUT.`,
    );
  return user;
}

/** All users, latest active first, each with the last line exchanged with this page. */
export function userListView(rooms: Rooms, pageId: string, limit: number) {
  const data = rooms.threads.lastLines(pageId, limit).map(({ userId, from, content, timestamp }) => ({
    ...userView(findUser(rooms, userId)),
    last_message: from === null ? null : { from, text: lineOf(content), timestamp },
  }));
  return { data };
}

/** What the user sees of their conversation with the page, oldest first. */
export function threadView(rooms: Rooms, conversation: Conversation) {
  const user = findUser(rooms, conversation.userId);
  const typingUntil = rooms.actions.typingUntil(conversation);
  return {
    user: userView(user),
    page_id: conversation.pageId,
    typing: typingUntil > 0,
    ...(typingUntil > 0 ? { typing_until: typingUntil } : {}),
    owner_app_id: rooms.owners.of(conversation)?.appId ?? null,
    last_user_at: rooms.conversations.lastUserAt(conversation),
    messages: rooms.threads.list(conversation).map(messageView),
    actions: rooms.actions.list(conversation),
  };
}

/** The first attachment is also given as `attachment`, since nearly every message has only one. */
function messageView({ attachments, ...message }: ThreadMessage) {
  const [first, second] = attachments ?? [];
  return { ...message, ...(first ? { attachment: first } : {}), ...(second ? { attachments } : {}) };
}

function lineOf({ text, attachments, unsent, template }: Content): string {
  if (unsent) return "[unsent]";
  if (template) return "[utility template]";
  if (text !== undefined) return text;
  return `[${textAt(attachments?.[0], "type") ?? "message"}]`;
}
