import * as z from "zod/mini";
import { fields, flag, id, list, number, text } from "./details.ts";

/** How the user came to the thread: an m.me link, an ad, a plugin, a product of the shop. */
export const referral = {
  ref: text,
  source: text,
  type: text,
  ad_id: id,
  referer_uri: text,
  is_guest_user: flag,
  ads_context_data: fields({
    ad_title: text,
    photo_url: text,
    video_url: text,
    post_id: id,
    product_id: id,
    flow_id: id,
  }),
  product: fields({ id }),
};

/** One shape for every type: which of the fields are there depends on `type`, and types come and go. */
const attachment = z.looseObject({
  type: text,
  /** Beside `payload` on a `fallback`. */
  title: text,
  url: text,
  payload: fields({
    url: text,
    title: text,
    sticker_id: id,
    attachment_id: id,
    /** The post's, on `post` and `ig_post`. */
    id,
    reel_video_id: id,
    coordinates: fields({ lat: number, long: number }),
    template_type: text,
    text,
    elements: list(z.looseObject({ title: text, subtitle: text, image_url: text })),
    product: fields({ elements: list(z.looseObject({ id, retailer_id: id, title: text, image_url: text })) }),
    booking_id: id,
    status: text,
    /** Seconds. */
    start_time: number,
    end_time: number,
    timezone: text,
  }),
});

/**
 * A message of the user, the echo of one of the page, or word that one was taken back. `mid` is what everything else
 * refers to: without it this is no message.
 */
export const message = z.looseObject({
  mid: z.string().check(z.minLength(1)),
  text,
  quick_reply: fields({ payload: text }),
  reply_to: fields({ mid: text, is_self_reply: flag, story: fields({ id, url: text }) }),
  attachments: list(attachment),
  sticker_id: id,
  referral: fields(referral),
  commands: list(z.looseObject({ name: text })),
  nlp: fields({}),
  is_unsupported: flag,
  is_deleted: flag,
  is_echo: flag,
  app_id: id,
  metadata: text,
});
