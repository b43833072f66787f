/** Branded ids, so that a page's id can't stand where a user's is meant. All are decimal strings of up to 19 digits at Meta: never parse them to numbers. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type PageId = Branded<"PageId">;
/** A page-scoped user id (PSID, or IGSID on Instagram); `ref:…` for a checkbox opt-in that has no PSID yet; `page` for events that concern the page alone. */
export type UserId = Branded<"UserId">;
/** `<page_id>_<user_id>`: the name of the conversation's Durable Object and its id in every API. */
export type ConversationId = Branded<"ConversationId">;

export const pageId = (id: string): PageId => id as PageId;
export const userId = (id: string): UserId => id as UserId;

/** Where events go that concern the page and nobody in particular (policy warnings, app roles, feed posts). */
export const PAGE_ITSELF: UserId = userId("page");
const REF_PREFIX = "ref:";
export const userIdOfRef = (userRef: string): UserId => userId(`${REF_PREFIX}${userRef}`);

export const conversationId = (page: PageId, user: UserId): ConversationId =>
  `${page}_${user}` as ConversationId;

/** Takes a conversation id apart again. @throws if it has no underscore, which no id made by {@link conversationId} lacks. */
export function partsOf(id: string): { id: ConversationId; page: PageId; user: UserId } {
  const cut = id.indexOf("_");
  if (cut < 1) throw new Error("a conversation id is <page_id>_<user_id>");
  return { id: id as ConversationId, page: pageId(id.slice(0, cut)), user: userId(id.slice(cut + 1)) };
}

const PHONE_PREFIX = "tel:";
/** A user known by a phone number alone; only its digits count. */
export const userIdOfPhone = (number: string): UserId =>
  userId(`${PHONE_PREFIX}${number.replaceAll(/\D/g, "")}`);

/** Meta's `recipient` object that reaches this user. */
export function recipientOf(user: UserId): { id: string } | { user_ref: string } | { phone_number: string } {
  if (user.startsWith(REF_PREFIX)) return { user_ref: user.slice(REF_PREFIX.length) };
  if (user.startsWith(PHONE_PREFIX)) return { phone_number: `+${user.slice(PHONE_PREFIX.length)}` };
  return { id: user };
}

/** Meta's inboxes as apps: the page's, an older one of it, Instagram's. Those who write there are people. */
export const META_INBOXES: ReadonlySet<string> = new Set([
  "263902037430900",
  "1409659205758990",
  "1217981644879628",
]);
