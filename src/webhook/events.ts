import * as z from "zod/mini";
import { fields, id, time } from "./events/details.ts";
import { feed, KINDS } from "./events/kinds.ts";

/**
 * Every kind of event Meta sends, told apart by the field that stands beside sender, recipient and timestamp. What the
 * gateway can't read of it costs an event nothing: it keeps its kind and its raw text. Only a message without a mid,
 * and what has no field that is known, is `unknown`.
 */

type Kind = keyof typeof KINDS;
type Value<K extends Kind> = z.infer<(typeof KINDS)[K]>;

/**
 * Types that no field tells alone, beside {@link KINDS}: an echo and an unsend are messages of another sense; `feed` and
 * `change` come as `changes`.
 */
const OTHER_TYPES = ["echo", "unsend", "feed", "change", "unknown"] as const;
export type EventType = Kind | (typeof OTHER_TYPES)[number];

/** A classified event: what is known of it by its type. */
export type MessengerEvent =
  | { [K in Exclude<Kind, "reaction">]: { type: K; value: Value<K> } }[Exclude<Kind, "reaction">]
  | { type: "reaction"; value: Value<"reaction">; by: "user" | "page" }
  | { type: "echo"; value: Value<"message"> }
  | { type: "unsend"; value: Value<"message"> }
  | { type: "feed"; value: z.infer<typeof feed> }
  | { type: "change"; value: Record<string, unknown> }
  | { type: "unknown" };

const KIND_NAMES = Object.keys(KINDS) as Kind[];
export const EVENT_TYPES: ReadonlySet<string> = new Set([...KIND_NAMES, ...OTHER_TYPES]);

/**
 * Classifies an item of `messaging` or `standby`.
 * @param page the id of the entry: a reaction of that sender is the page's own. Without it all are taken for the user's.
 */
export function classify(item: Record<string, unknown>, page?: string): MessengerEvent {
  for (const kind of KIND_NAMES) {
    const value = item[kind];
    if (value === undefined || value === null) continue;
    const parsed = KINDS[kind].safeParse(isRecord(value) ? value : {});
    if (!parsed.success) continue;
    const event = { type: kind, value: parsed.data } as MessengerEvent;
    if (event.type === "message") return { type: senseOf(event.value), value: event.value };
    if (event.type !== "reaction") return event;
    return { ...event, by: page !== undefined && participantsOf(item).sender === page ? "page" : "user" };
  }
  return { type: "unknown" };
}

/** That a message is gone matters more than whose it was. */
function senseOf({ is_deleted, is_echo }: Value<"message">): "message" | "echo" | "unsend" {
  if (is_deleted === true) return "unsend";
  return is_echo === true ? "echo" : "message";
}

/** Classifies an item of `changes`. */
export function classifyChange(item: Record<string, unknown>): MessengerEvent {
  if (typeof item["field"] !== "string") return { type: "unknown" };
  const value = isRecord(item["value"]) ? item["value"] : {};
  return item["field"] === "feed" ? { type: "feed", value: feed.parse(value) } : { type: "change", value };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const OPENS_WINDOW: ReadonlySet<EventType> = new Set([
  "message",
  "postback",
  "reaction",
  "referral",
  "optin",
]);

/**
 * Whether an event opens Meta's 24-hour window: a message, a quick reply (a message too), a postback, a reaction, a
 * referral click, an opt-in. It is the user's act that counts, so not a reaction of the page. A reaction taken back and
 * notifications stopped don't open it. Of edits Meta's pages don't say whether they do: here they don't, since
 * believing in a window that isn't open costs a refused message.
 * @param event the event; by its type alone, every reaction and every opt-in is taken to open the window.
 * @see https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
 */
export function opensWindow(event: MessengerEvent | EventType): boolean {
  if (typeof event === "string") return OPENS_WINDOW.has(event);
  if (event.type === "reaction") return event.by === "user" && event.value.action === "react";
  if (event.type === "optin") return !stopsNotifications(event.value);
  return OPENS_WINDOW.has(event.type);
}

/** Meta's reference writes `STOP NOTIFICATIONS`, its payloads `STOP_NOTIFICATIONS`. */
export const stopsNotifications = (optin: Value<"optin">): boolean =>
  /^stop/i.test(optin.notification_messages_status ?? "");

const participants = z.looseObject({
  sender: fields({ id }),
  recipient: fields({ id }),
  timestamp: time,
});

export interface Participants {
  sender: string | undefined;
  recipient: string | undefined;
  /** Milliseconds, also where Meta gives seconds (lead ads do); `undefined` when absent or not a time. */
  timestamp: number | undefined;
}

/** Who sent the event to whom and when, as far as it says so in a form we know. */
export function participantsOf(item: Record<string, unknown>): Participants {
  const { sender, recipient, timestamp } = participants.parse(item);
  return { sender: sender?.id, recipient: recipient?.id, timestamp };
}
