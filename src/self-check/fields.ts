import { PAGE_FIELDS } from "../graph/subscriptions.ts";

/** Which webhook fields a check goes by, of the two kinds of objects whose events arrive. */
export type WebhookObject = "page" | "instagram";

/**
 * What the gateway itself judges by, and what is put back if it is missing: what people write and tap, what opens the
 * window, whose turn it is, whether a message went out. All others are the operator's to choose.
 */
export const NEEDED: Record<WebhookObject, readonly string[]> = {
  page: [
    "messages",
    "messaging_postbacks",
    "message_echoes",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "standby",
  ],
  // Echoes come with the messages here.
  instagram: ["messages", "messaging_postbacks"],
};

/**
 * What an app is subscribed to that has no subscription, and had none that is known.
 * @see https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram
 */
export const USUAL: Record<WebhookObject, readonly string[]> = {
  page: PAGE_FIELDS,
  instagram: [
    ...NEEDED.instagram,
    "messaging_optins",
    "messaging_referral",
    "messaging_seen",
    "messaging_handover",
    "message_reactions",
    "message_edit",
    "standby",
    "comments",
  ],
};

export const missingIn = (fields: readonly string[], object: WebhookObject): string[] =>
  NEEDED[object].filter((field) => !fields.includes(field));

export const union = (...lists: (readonly string[])[]): string[] => [...new Set(lists.flat())];
