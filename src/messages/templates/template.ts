import type * as z from "zod/mini";
import { object, shapeBy } from "../fields.ts";
import type { Platform } from "../platform.ts";
import { feedbackTemplate, oneTimeTemplate, optInTemplate } from "./asking.ts";
import { buttonTemplate, genericTemplate, mediaTemplate, productTemplate } from "./cards.ts";
import { couponTemplate, receiptTemplate } from "./orders.ts";

const everywhere = (platform: Platform) => ({
  generic: genericTemplate(platform),
  button: buttonTemplate(platform),
  product: productTemplate,
  notification_messages: optInTemplate,
});

const messengerOnly = {
  media: mediaTemplate,
  receipt: receiptTemplate,
  coupon: couponTemplate,
  customer_feedback: feedbackTemplate,
  one_time_notif_req: oneTimeTemplate,
  // Its text is with Meta, under a name; what is filled in is checked against that.
  utility: object({}),
};

/**
 * The payload of a template attachment. A `template_type` that isn't known here passes, whatever else it holds: Meta
 * adds new ones, and the gateway is not to stand in their way. Only that it is an object is sure.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/templates
 * @see https://developers.facebook.com/documentation/business-messaging/instagram-messaging/generic-template
 */
export const templatePayload = {
  messenger: shapeBy("template_type", { ...everywhere("messenger"), ...messengerOnly }, () => undefined),
  instagram: shapeBy("template_type", everywhere("instagram"), (name) =>
    Object.hasOwn(messengerOnly, name) ? "is a template that Instagram does not have" : undefined,
  ),
} satisfies Record<Platform, z.ZodMiniType>;
