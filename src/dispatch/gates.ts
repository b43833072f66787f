import type { PageId } from "../ids.ts";
import { FAILING, type Shut, type Side } from "../pages/gate.ts";

/**
 * What this isolate remembers of pages' gates: only what it was told after trouble. A page without trouble costs nothing
 * here, and its object isn't asked.
 */

/**
 * How long it is remembered that a gate is shut, ms. Meanwhile work asks the page at the gate, and learns there when it
 * has opened; after that one goes through unasked, in case the page has forgotten.
 */
const MEMORY_MS = 60_000;
/** Pages in trouble at once that are remembered; an isolate serves few. */
const MAX_REMEMBERED = 1000;

const remembered = new Map<string, number>();
const successes = new Map<string, { since: number; count: number }>();

const name = (page: PageId, side: Side) => `${side} ${page}`;

/** Whether the gate is taken for shut. */
export const isTakenForShut = (page: PageId, side: Side, now: number): boolean =>
  (remembered.get(name(page, side)) ?? 0) > now;

export function remember(page: PageId, side: Side, shut: Shut | null, now: number): void {
  const key = name(page, side);
  if (!shut) {
    remembered.delete(key);
    return;
  }
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(key, now + MEMORY_MS);
}

/** Whether there was trouble that nobody has said is over. */
export const hadTrouble = (page: PageId, side: Side): boolean => remembered.has(name(page, side));

/** Counts an answer of a bot. */
export function countSuccess(page: PageId, side: Side, now: number): void {
  const key = name(page, side);
  const counted = successes.get(key);
  if (counted && now - counted.since < FAILING.windowMs) counted.count++;
  else {
    if (successes.size >= MAX_REMEMBERED) successes.clear();
    successes.set(key, { since: now, count: 1 });
  }
}

/** The answers counted since the last call, as far as they are recent. */
export function takeSuccesses(page: PageId, side: Side, now: number): number {
  const key = name(page, side);
  const counted = successes.get(key);
  successes.delete(key);
  return counted && now - counted.since < FAILING.windowMs ? counted.count : 0;
}
