/**
 * Whom a message goes to: a person, or whoever stands behind an opt-in, a comment, a post or a token.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api#recipient
 */
export type Recipient =
  | { id: string }
  | { user_ref: string }
  | { comment_id: string }
  | { post_id: string }
  | { phone_number: string; name?: { first_name: string; last_name: string } }
  | { one_time_notif_token: string }
  | { notification_messages_token: string };
