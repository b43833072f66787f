import type { JsonObject } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { Channel, WebhookObject } from "./webhook/envelope.ts";

/** What an app is subscribed to: where the events of one kind of object go, and which. */
export interface AppSubscription {
  readonly callbackUrl: string;
  readonly fields: readonly string[];
}

/** The webhook field under which Meta sends an item, by the part of the item that tells. */
const FIELDS: Readonly<Record<string, string>> = {
  message: "messages",
  message_edit: "message_edits",
  reaction: "message_reactions",
  delivery: "message_deliveries",
  read: "message_reads",
  postback: "messaging_postbacks",
  referral: "messaging_referrals",
  optin: "messaging_optins",
  account_linking: "messaging_account_linking",
  pass_thread_control: "messaging_handovers",
  take_thread_control: "messaging_handovers",
  request_thread_control: "messaging_handovers",
  app_roles: "messaging_handovers",
  policy_enforcement: "messaging_policy_enforcement",
  response_feedback: "response_feedback",
  messaging_feedback: "messaging_feedback",
  messaging_customer_information: "messaging_customer_information",
  message_context: "message_context",
  label: "inbox_labels",
};

/** All fields that can be subscribed to here. */
export const ALL_FIELDS: readonly string[] = [
  ...new Set([...Object.values(FIELDS), "message_echoes", "standby", "feed", "comments"]),
];

const appKey = (object: string) => `subscription:app:${object}`;
const pageKey = (pageId: string) => `subscription:page:${pageId}`;

/**
 * Which events reach the webhook: only what app and page are both subscribed to. Until a subscription is made or
 * deleted, everything is, as a gateway in development wants it.
 */
export class Subscriptions {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  ofApp(object: WebhookObject): AppSubscription | null {
    return this.#kv.get<AppSubscription | null>(appKey(object)) ?? null;
  }

  /** Sets the app's subscription; null ends it. */
  setApp(object: WebhookObject, subscription: AppSubscription | null): void {
    this.#kv.put(appKey(object), subscription);
  }

  /** @returns The fields the app is subscribed to on this page. */
  ofPage(pageId: string): readonly string[] {
    return this.#kv.get<readonly string[]>(pageKey(pageId)) ?? ALL_FIELDS;
  }

  /** Sets the page's fields; with none, the app is not on the page. */
  setPage(pageId: string, fields: readonly string[]): void {
    this.#kv.put(pageKey(pageId), fields);
  }

  /** @returns Whether the item is one both app and page are subscribed to. Unknown kinds always are. */
  let(pageId: string, object: WebhookObject, channel: Channel, item: JsonObject): boolean {
    const app = this.#kv.get<AppSubscription | null>(appKey(object));
    const onPage = this.ofPage(pageId);
    if (app === null || onPage.length === 0) return false;
    const fields = fieldsOf(channel, item);
    // An Instagram account's fields are the app's alone; of its page it only takes that the app is there.
    return fields.every(
      (field) =>
        (object === "instagram" || onPage.includes(field)) &&
        (app === undefined || app.fields.includes(field)),
    );
  }
}

function fieldsOf(channel: Channel, item: JsonObject): readonly string[] {
  if (channel === "changes") return typeof item["field"] === "string" ? [item["field"]] : [];
  const part = Object.keys(item).find((key) => FIELDS[key] !== undefined);
  const field = part === undefined ? undefined : FIELDS[part];
  const { message } = item;
  const named = isJsonObject(message) && message["is_echo"] === true ? "message_echoes" : field;
  return [...(named === undefined ? [] : [named]), ...(channel === "standby" ? ["standby"] : [])];
}
