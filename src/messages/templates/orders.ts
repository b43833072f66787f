import * as z from "zod/mini";
import { amount, list, object, someText, someTextUpTo, textLike, textUpTo, webAddress } from "../fields.ts";

const item = object({
  title: someText,
  quantity: z.optional(amount),
  price: amount,
  currency: z.optional(someText),
  image_url: z.optional(webAddress),
});

/**
 * An order confirmation.
 *
 * @see https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/receipt
 */
export const receiptTemplate = object({
  recipient_name: someText,
  order_number: someText,
  currency: someText,
  payment_method: someText,
  order_url: z.optional(webAddress),
  elements: z.optional(list(item, 0, 100)),
  address: z.optional(
    object({ street_1: someText, city: someText, postal_code: someText, state: someText, country: someText }),
  ),
  summary: object({
    subtotal: z.optional(amount),
    shipping_cost: z.optional(amount),
    total_tax: z.optional(amount),
    total_cost: amount,
  }),
  adjustments: z.optional(list(object({ name: someText, amount }), 0, Number.POSITIVE_INFINITY)),
});

/**
 * A coupon: a code, or an address where it is used, or both.
 *
 * @see https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/coupon
 */
export const couponTemplate = object({
  title: someTextUpTo(80),
  subtitle: z.optional(textUpTo(80)),
  coupon_code: z.optional(textLike(/^\S+$/, "must be a code without spaces")),
  coupon_url: z.optional(webAddress),
  image_url: z.optional(webAddress),
}).check(
  z.refine((coupon) => coupon.coupon_code !== undefined || coupon.coupon_url !== undefined, {
    error: "must have a coupon_code or a coupon_url",
  }),
);
