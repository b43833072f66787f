import type { Books } from "./books.ts";
import { arrivals } from "./callbacks.ts";
import { factsAfter, goesToBot } from "./effects.ts";
import type { IncomingEvent } from "./incoming.ts";
import { LATE_MS, RECEIPT_REACH } from "./limits.ts";
import { readMark } from "./mark.ts";
import { isAnnotation, withoutContents } from "./notes.ts";
import type { PageRules } from "./work.ts";

/**
 * Has an event told everyone whom it concerns.
 * @param conversation its id
 * @returns it as it is to be stored, with whether it goes to the bot; then what it gives the bot to hear beside
 */
export function hear(
  books: Books,
  conversation: string,
  event: IncomingEvent,
  rules: PageRules,
  now: number,
): IncomingEvent[] {
  const mark = readMark(event.echo?.metadata);
  if (event.echo && mark) books.ledger.sends.echoed(mark, event.echo.mid, now);
  for (const effect of event.effects ?? []) {
    if (isAnnotation(effect)) books.annotate(effect, event.at);
  }
  const sentAt = (mid: string) => books.outbox.sentAt(mid, RECEIPT_REACH);
  const before = books.facts;
  const after = factsAfter(before, event, rules, sentAt, now);
  books.keep(after);
  const heard = { ...event, raw: rawOf(books, event, now), forward: goesToBot(event, after, rules) };
  const news = event.receipt ? arrivals(books, conversation, before, rules, now) : [];
  return [heard, ...news];
}

/** Without its contents, if word that it was taken back has overtaken it. To look for that would cost every message. */
function rawOf({ events }: Books, { type, id, at, raw }: IncomingEvent, now: number): string {
  const mayBeOvertaken = type === "message" && at < now - LATE_MS;
  return mayBeOvertaken && events.isTakenBack(id) ? withoutContents(raw) : raw;
}
