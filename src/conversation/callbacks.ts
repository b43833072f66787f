import { objectIn } from "../messages/inside.ts";
import type { Books } from "./books.ts";
import type { Facts } from "./facts.ts";
import type { IncomingEvent } from "./incoming.ts";
import { MAX_OPEN, RECEIPT_REACH } from "./limits.ts";
import type { NewEntry } from "./position.ts";
import type { OutgoingBody, PageRules, Platform } from "./work.ts";

/**
 * What the bot hears of its messages beside what Meta tells: events of the gateway's own, which go to it as all others do,
 * signed, in order and until it has them.
 */

const FAILED = "message.failed";

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

/** The facts with what the bot wants to hear, as last told; the same object when that is nothing new. */
export function wanting(facts: Facts, rules: Wanted): Facts {
  const callbacks = rules.callbacks.join(" ");
  return callbacks === facts.callbacks ? facts : { ...facts, callbacks };
}

/** Has the bot hear of what became of its messages in this step. @param conversation its id */
export function callBack(books: Books, conversation: string, now: number): void {
  const { failed, sent } = books.ledger.ended;
  if (failed.length === 0 && sent.length === 0) return;
  const wanted = books.facts.callbacks.split(" ");
  const news = [...failures(books, conversation, wanted), ...latecomers(books, conversation, wanted, now)];
  books.ledger.accept(news, 0, now);
}

function failures(books: Books, conversation: string, wanted: readonly string[]): IncomingEvent[] {
  const { ledger, events } = books;
  const { failed } = ledger.ended;
  if (failed.length === 0 || !wanted.includes(FAILED)) return [];
  // Whoever answers each failure by a call that fails, too, would go on for ever.
  if (events.endWith(FAILED, MAX_OPEN)) {
    console.warn({ event: "callbacks_stopped", conversation, after: MAX_OPEN });
    return [];
  }
  return failed.flatMap(({ entry, index, state: { code, reason, at } }) => {
    const { origin, messages } = writtenAs(books, entry);
    const body = messages[index] ?? {};
    // What a bot says to nothing but failures may fail for the same reason, again and again.
    const answersFailures =
      origin.first !== null && events.areAll(FAILED, origin.first, origin.last ?? origin.first);
    if (answersFailures || body["sender_action"] !== undefined) return [];
    const message = ownMessage(conversation, { entry, index, delivery: origin.id }, body, null);
    const raw = { message, code, reason, at };
    return [ownEvent(FAILED, `failed:${entry}.${index}`, at, ledger.position.platform, raw)];
  });
}

/** Of what is known only now to have gone out, a receipt may have told already. */
function latecomers(
  books: Books,
  conversation: string,
  wanted: readonly string[],
  now: number,
): IncomingEvent[] {
  const { facts, ledger } = books;
  const until = { delivered: facts.deliveredAt, read: facts.readAt };
  return (["delivered", "read"] as const).flatMap((kind) => {
    if (!wanted.includes(`message.${kind}`)) return [];
    const covered = ledger.ended.sent.filter(({ state }) => state.at <= until[kind]);
    const messages = covered.flatMap(({ entry, index, state }) => {
      const { origin, messages } = writtenAs(books, entry);
      const body = messages[index] ?? {};
      if (body["message"] === undefined) return [];
      return [ownMessage(conversation, { entry, index, delivery: origin.id }, body, state.mid)];
    });
    const [first] = messages;
    if (!first) return [];
    const raw = { messages, at: until[kind] };
    return [ownEvent(`message.${kind}`, `${kind}:${first.id}`, now, ledger.position.platform, raw)];
  });
}

/** As it was accepted, in this step or an earlier one. */
const writtenAs = ({ ledger, outbox }: Books, entry: number): Pick<NewEntry, "origin" | "messages"> =>
  ledger.added(entry) ?? outbox.contents(entry);

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
