import * as z from "zod/mini";
import { someTextUpTo, textUpTo, webAddress } from "./shape-checks.ts";

const someText = someTextUpTo(1000);
const amount = z.number();

/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/receipt */
const receipt = z.strictObject({
  template_type: z.literal("receipt"),
  recipient_name: someText,
  order_number: someText,
  currency: z.string().check(
    z.refine((text) => /^[A-Z]{3}$/.test(text), {
      error: "Param {parameter} must be a currency code, such as EUR",
    }),
  ),
  payment_method: someText,
  summary: z.strictObject({
    subtotal: z.exactOptional(amount),
    shipping_cost: z.exactOptional(amount),
    total_tax: z.exactOptional(amount),
    total_cost: amount,
  }),
  order_url: z.exactOptional(webAddress),
  timestamp: z.exactOptional(z.union([z.string(), z.int()])),
  merchant_name: z.exactOptional(someText),
  sharable: z.exactOptional(z.boolean()),
  address: z.exactOptional(
    z.strictObject({
      street_1: someText,
      street_2: z.exactOptional(z.string()),
      city: someText,
      postal_code: someText,
      state: someText,
      country: someText,
    }),
  ),
  adjustments: z.exactOptional(z.array(z.strictObject({ name: someText, amount }))),
  elements: z.exactOptional(
    z
      .array(
        z.strictObject({
          title: someText,
          subtitle: z.exactOptional(z.string()),
          quantity: z.exactOptional(z.number()),
          price: amount,
          currency: z.exactOptional(z.string()),
          image_url: z.exactOptional(webAddress),
        }),
      )
      .check(z.maxLength(100)),
  ),
});

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/template/coupon */
const coupon = z
  .strictObject({
    template_type: z.literal("coupon"),
    title: someTextUpTo(80),
    subtitle: z.exactOptional(textUpTo(80)),
    coupon_code: z.exactOptional(someText),
    coupon_url: z.exactOptional(webAddress),
    coupon_url_button_title: z.exactOptional(someTextUpTo(20)),
    coupon_pre_message: z.exactOptional(someText),
    image_url: z.exactOptional(webAddress),
    payload: z.exactOptional(textUpTo(1000)),
  })
  .check(
    z.refine((payload) => payload.coupon_code !== undefined || payload.coupon_url !== undefined, {
      error: "Param {parameter} must have coupon_code or coupon_url",
    }),
  );

const question = z.strictObject({
  id: z.string().check(
    z.refine((text) => /^\w{1,80}$/.test(text), {
      error: "Param {parameter} must have 1 to 80 letters, digits or underscores",
    }),
  ),
  type: z.enum(["csat", "nps", "ces"]),
  title: z.exactOptional(someTextUpTo(80)),
  score_label: z.exactOptional(z.string()),
  score_option: z.exactOptional(z.string()),
  follow_up: z.exactOptional(
    z.strictObject({ type: z.literal("free_form"), placeholder: z.exactOptional(textUpTo(65)) }),
  ),
});

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/template/customer-feedback-template */
const customerFeedback = z.strictObject({
  template_type: z.literal("customer_feedback"),
  title: someTextUpTo(65),
  subtitle: z.exactOptional(textUpTo(80)),
  button_title: z.exactOptional(someTextUpTo(20)),
  feedback_screens: z
    .array(z.strictObject({ questions: z.array(question).check(z.minLength(1), z.maxLength(1)) }))
    .check(z.minLength(1), z.maxLength(1)),
  business_privacy: z.strictObject({ url: webAddress }),
  expires_in_days: z.exactOptional(z.int().check(z.minimum(1), z.maximum(7))),
});

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/template/product */
const product = z.strictObject({
  template_type: z.literal("product"),
  elements: z.array(z.strictObject({ id: someText })).check(z.minLength(1), z.maxLength(10)),
});

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/one-time-notification */
const oneTimeNotification = z.strictObject({
  template_type: z.literal("one_time_notif_req"),
  title: someTextUpTo(65),
  payload: someTextUpTo(1000),
});

/** @see https://developers.facebook.com/docs/messenger-platform/marketing-messages */
const notificationMessages = z.strictObject({
  template_type: z.literal("notification_messages"),
  title: z.exactOptional(someTextUpTo(65)),
  payload: z.exactOptional(textUpTo(1000)),
  image_url: z.exactOptional(webAddress),
  image_aspect_ratio: z.exactOptional(z.enum(["HORIZONTAL", "SQUARE", "horizontal", "square"])),
  notification_messages_frequency: z.exactOptional(z.enum(["DAILY", "WEEKLY", "MONTHLY"])),
  notification_messages_reoptin: z.exactOptional(z.enum(["ENABLED", "DISABLED"])),
  notification_messages_timezone: z.exactOptional(z.string()),
  notification_messages_cta_text: z.exactOptional(
    z.enum(["ALLOW", "FREQUENCY", "GET", "GET_UPDATES", "OPT_IN", "SIGN_UP"]),
  ),
});

/** The fields of a utility message, inside a template attachment or as `message.template`. */
export const utilityFields = {
  name: someText,
  language: z.looseObject({ code: z.string() }),
  components: z.exactOptional(z.array(z.looseObject({ type: z.string() }))),
};

const utility = z.strictObject({ template_type: z.literal("utility"), ...utilityFields });

/** The templates that report, ask or notify; those that show and offer buttons are in template-shape.ts. */
export const businessTemplates = [
  receipt,
  coupon,
  customerFeedback,
  product,
  oneTimeNotification,
  notificationMessages,
  utility,
] as const;
