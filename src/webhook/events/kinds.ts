import * as z from "zod/mini";
import { fields, flag, id, idOrNone, list, maybe, number, plainId, text, time } from "./details.ts";
import { message, referral } from "./message.ts";

const mid = maybe(z.string().check(z.minLength(1)));

const passed = z.looseObject({
  previous_owner_app_id: idOrNone,
  new_owner_app_id: idOrNone,
  metadata: text,
});
const purchase = z.looseObject({ payload: text, amount: fields({ currency: text, amount: text }) });

/**
 * The field that tells the kind of an event → what is known of it. Order matters: the first field present decides.
 * @see https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
 */
export const KINDS = {
  message,
  message_edit: z.looseObject({ mid, text, num_edit: number }),
  /** On `standby` the payload is missing. */
  postback: z.looseObject({ mid, title: text, payload: text, referral: fields(referral) }),
  reaction: z.looseObject({ mid, action: text, reaction: text, emoji: text }),
  delivery: z.looseObject({ watermark: number, mids: list(plainId) }),
  /** Messenger names a time, Instagram a message. */
  read: z.looseObject({ watermark: number, mid }),
  optin: z.looseObject({
    type: text,
    ref: text,
    user_ref: id,
    payload: text,
    title: text,
    one_time_notif_token: id,
    notification_messages_token: id,
    notification_messages_frequency: text,
    notification_messages_timezone: text,
    notification_messages_status: text,
    token_expiry_timestamp: time,
    user_token_status: text,
    referral: fields(referral),
  }),
  referral: z.looseObject(referral),
  account_linking: z.looseObject({ status: text, authorization_code: text }),
  pass_thread_control: passed,
  take_thread_control: passed,
  request_thread_control: z.looseObject({ requested_owner_app_id: id, metadata: text }),
  /** App id → its roles. */
  app_roles: z.looseObject({}),
  policy_enforcement: z.looseObject({ action: text, reason: text }),
  response_feedback: z.looseObject({ mid, feedback: text }),
  messaging_feedback: z.looseObject({
    feedback_screens: list(z.looseObject({ screen_id: id, questions: fields({}) })),
  }),
  messaging_customer_information: z.looseObject({
    screens: list(
      z.looseObject({ screen_id: id, responses: list(z.looseObject({ key: plainId, value: plainId })) }),
    ),
  }),
  message_context: z.looseObject({}),
  game_play: z.looseObject({
    game_id: id,
    player_id: id,
    context_type: text,
    context_id: id,
    score: number,
    payload: text,
  }),
  payment: purchase,
  pre_checkout: purchase,
  checkout_update: purchase,
  order: z.looseObject({
    products: list(
      z.looseObject({
        id,
        retailer_id: id,
        name: text,
        unit_price: number,
        currency: text,
        quantity: number,
      }),
    ),
    note: text,
  }),
  label: z.looseObject({ action: text, page_label_id: id }),
} as const;

/** What happened on the page's wall: comments, posts, likes. Not under a field of its own but in `changes`. */
export const feed = z.looseObject({
  item: text,
  verb: text,
  comment_id: id,
  post_id: id,
  parent_id: id,
  from: fields({ id, name: text }),
  message: text,
  /** Seconds. */
  created_time: number,
  is_hidden: flag,
});
