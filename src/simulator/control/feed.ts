import type { Conversation } from "../ids.ts";
import { newNumericId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { given } from "./spoken.ts";
import type { Utterance } from "./utterance.ts";

/** A private reply is allowed for so long after the comment or post. */
const PRIVATE_REPLY_MS = 7 * 86_400_000;

type Comment = NonNullable<Utterance["comment"]>;
type Post = NonNullable<Utterance["post"]>;

/**
 * The person comments on a post of the page: a private reply becomes possible, once.
 *
 * @param at Simulated milliseconds.
 * @returns The item of `changes`: field `feed`, on Instagram `comments`.
 * @see https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed
 */
export function comment(rooms: Rooms, conversation: Conversation, body: Comment, at: number): JsonObject {
  const { pageId, userId } = conversation;
  const postId = body.post_id ?? `${pageId}_${newNumericId()}`;
  const commentId = body.comment_id ?? `${postId}_${newNumericId()}`;
  if (body.verb === "add") allowReply(rooms, conversation, "comment", commentId, at);
  if (body.verb === "remove") rooms.grants.remove("comment", commentId);
  const user = rooms.users.findOrMake(userId);
  if (rooms.pages.accountOf(pageId)?.platform === "instagram") {
    const from = { id: userId, username: rooms.users.traitsOf(user).username };
    const value = {
      id: commentId,
      text: body.message,
      from,
      media: { id: postId },
      parent_id: body.parent_id,
    };
    return { field: "comments", value: given(value) };
  }
  return {
    field: "feed",
    value: given({
      item: "comment",
      verb: body.verb,
      comment_id: commentId,
      post_id: postId,
      parent_id: body.parent_id ?? postId,
      from: { id: userId, name: `${user.first_name} ${user.last_name}` },
      message: body.verb === "remove" ? undefined : body.message,
      created_time: Math.floor(at / 1000),
    }),
  };
}

/** The person writes on the page itself. As `comment`, answered by `recipient.post_id`. */
export function post(rooms: Rooms, conversation: Conversation, body: Post, at: number): JsonObject {
  const { pageId, userId } = conversation;
  const postId = body.post_id ?? `${pageId}_${newNumericId()}`;
  if (body.verb === "add") allowReply(rooms, conversation, "post", postId, at);
  if (body.verb === "remove") rooms.grants.remove("post", postId);
  const user = rooms.users.findOrMake(userId);
  return {
    field: "feed",
    value: given({
      item: "post",
      verb: body.verb,
      post_id: postId,
      from: { id: userId, name: `${user.first_name} ${user.last_name}` },
      message: body.verb === "remove" ? undefined : body.message,
      created_time: Math.floor(at / 1000),
    }),
  };
}

function allowReply(
  { grants }: Rooms,
  conversation: Conversation,
  kind: "comment" | "post",
  token: string,
  at: number,
): void {
  grants.give({ kind, token, ...conversation, givenAt: at, expiresAt: at + PRIVATE_REPLY_MS });
}
