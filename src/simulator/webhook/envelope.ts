import type { JsonObject } from "../json.ts";
import { escapedJson } from "./escaping.ts";

export interface QueuedItem {
  readonly userId: string;
  readonly item: JsonObject;
}

/**
 * Wraps events of one page as Meta wraps them. Consecutive events of the same user share an entry, so that a batch
 * has several entries and an entry several items: a receiver that reads only the first of either is found out.
 *
 * @param at Milliseconds, for `entry.time`.
 * @returns The exact text to post: ASCII only, to be signed and, when it fails, to be sent again unchanged.
 */
export function envelope(pageId: string, events: readonly QueuedItem[], at: number): string {
  const entries: { id: string; time: number; messaging: JsonObject[] }[] = [];
  let userOfLastEntry: string | undefined;
  for (const { userId, item } of events) {
    const last = entries.at(-1);
    if (last && userOfLastEntry === userId) last.messaging.push(item);
    else entries.push({ id: pageId, time: at, messaging: [item] });
    userOfLastEntry = userId;
  }
  return escapedJson({ object: "page", entry: entries });
}
