import { objectIn } from "../messages/inside.ts";
import type { Books } from "./books.ts";
import type { Facts } from "./facts.ts";
import type { IncomingEvent } from "./incoming.ts";
import { RECEIPT_REACH } from "./limits.ts";
import type { OutgoingBody, PageRules, Platform } from "./work.ts";

/**
 * What the bot hears of its messages beside what Meta tells: events of the gateway's own, which go to it as all others do,
 * signed, in order and until it has them.
 */

/** A message of ours as the bot may know it. */
export interface OwnMessage {
  /** As the API names it. */
  id: string;
  mid: string | null;
  /** The `webhook-id` it answers, or the id of the request that sent it. */
  delivery: string;
  /** What the bot put there. */
  metadata: string | null;
}

type Wanted = Pick<PageRules, "callbacks">;

/** Has the bot hear of what has failed in this step. @param conversation its id */
export function callBack(
  { ledger, outbox }: Books,
  conversation: string,
  { callbacks }: Wanted,
  now: number,
): void {
  if (ledger.failed.length === 0 || !callbacks.includes("message.failed")) return;
  const events = ledger.failed.flatMap(({ entry, index, state: { code, reason, at } }) => {
    const message = ledger.own(conversation, entry, index) ?? outbox.own(conversation, entry, index);
    if (!message) return [];
    const body = { message, code, reason, at };
    return [ownEvent("message.failed", `failed:${entry}.${index}`, at, ledger.position.platform, body)];
  });
  ledger.accept(events, 0, now);
}

/** What a receipt has told of single messages. @param before the facts before it */
export function arrivals(
  { facts, outbox, ledger }: Books,
  conversation: string,
  before: Facts,
  { callbacks }: Wanted,
  now: number,
): IncomingEvent[] {
  const since = { delivered: before.deliveredAt, read: before.readAt };
  const until = { delivered: facts.deliveredAt, read: facts.readAt };
  return (["delivered", "read"] as const).flatMap((kind) => {
    const at = until[kind];
    if (at <= since[kind] || !callbacks.includes(`message.${kind}`)) return [];
    const messages = outbox.sentBetween(conversation, since[kind], at, RECEIPT_REACH);
    if (messages.length === 0) return [];
    return [ownEvent(`message.${kind}`, `${kind}:${at}`, now, ledger.position.platform, { messages, at })];
  });
}

/** For the page's own conversation: its token is refused. @param since when, ms */
export function needsReauth(page: string, reason: string, since: number): IncomingEvent {
  const body = { page_id: page, reason, at: since };
  return ownEvent("page.needs_reauth", `needs_reauth:${since}`, since, "messenger", body);
}

export function ownMessage(
  conversation: string,
  { entry, index, delivery }: { entry: number; index: number; delivery: string },
  body: OutgoingBody,
  mid: string | null,
): OwnMessage {
  const { metadata } = objectIn(body, "message");
  return {
    id: `${conversation}.${entry}.${index}`,
    mid,
    delivery,
    metadata: typeof metadata === "string" ? metadata : null,
  };
}

function ownEvent(
  type: string,
  name: string,
  at: number,
  platform: Platform,
  body: Record<string, unknown>,
): IncomingEvent {
  const key = `gateway:${name}`;
  return { key, id: key, type, at, platform, forward: true, opensWindow: false, raw: JSON.stringify(body) };
}
