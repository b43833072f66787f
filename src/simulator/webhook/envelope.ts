import type { Json, JsonObject } from "../json.ts";
import { escapedJson } from "./escaping.ts";

/** The list of an entry in which an item stands. */
export type Channel = "messaging" | "standby" | "changes";

/** The `object` of an envelope. */
export type WebhookObject = "page" | "instagram";

export interface QueuedItem {
  readonly channel: Channel;
  /** Consecutive items of one group share an entry. */
  readonly group: string;
  readonly item: JsonObject;
  /** Stands beside the list in the entry; null for none. */
  readonly hopContext: Json;
}

/**
 * Wraps events of one page or Instagram account as Meta wraps them. Consecutive events of the same user share an
 * entry, so that a batch has several entries and an entry several items: a receiver that reads only the first of
 * either is found out. `entry.time` is in milliseconds, with `changes` in seconds.
 *
 * @param at Milliseconds, for `entry.time`.
 * @returns The exact text to post: ASCII only, to be signed and, when it fails, to be sent again unchanged.
 */
export function envelope(
  object: WebhookObject,
  accountId: string,
  events: readonly QueuedItem[],
  at: number,
): string {
  const entries: { head: QueuedItem; items: JsonObject[] }[] = [];
  for (const event of events) {
    const last = entries.at(-1);
    if (last && belongTogether(last.head, event)) last.items.push(event.item);
    else entries.push({ head: event, items: [event.item] });
  }
  const entry = entries.map(({ head: { channel, hopContext }, items }) => ({
    id: accountId,
    time: channel === "changes" ? Math.floor(at / 1000) : at,
    [channel]: items,
    ...(hopContext === null ? {} : { hop_context: hopContext }),
  }));
  return escapedJson({ object, entry });
}

function belongTogether(one: QueuedItem, other: QueuedItem): boolean {
  return (
    one.group === other.group &&
    one.channel === other.channel &&
    JSON.stringify(one.hopContext) === JSON.stringify(other.hopContext)
  );
}
