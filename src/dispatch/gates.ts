import type { PageId } from "../ids.ts";
import type { Shut, Side } from "../pages/gate.ts";

/**
 * What this isolate remembers of pages' gates, so that work for a shut one is put off without asking anybody. Only what it
 * was told after trouble: a page without trouble costs nothing here.
 */

/** After that it is tried again, ms: the gate may have opened without this isolate hearing of it. */
const MEMORY_MS = 60_000;
/** Pages in trouble at once that are remembered; an isolate serves few. */
const MAX_REMEMBERED = 1000;

const remembered = new Map<string, Shut>();
const successes = new Map<PageId, number>();

const name = (page: PageId, side: Side) => `${side} ${page}`;

/** The gate, if it is known to be shut now. */
export function shutGate(page: PageId, side: Side, now: number): Shut | undefined {
  const shut = remembered.get(name(page, side));
  return shut && shut.until > now ? shut : undefined;
}

export function rememberShut(page: PageId, side: Side, shut: Shut | null, now: number): void {
  const key = name(page, side);
  if (!shut) {
    remembered.delete(key);
    return;
  }
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(key, { ...shut, until: Math.min(shut.until, now + MEMORY_MS) });
}

/** Whether there was trouble that nobody has said is over. */
export const hadTrouble = (page: PageId, side: Side): boolean => remembered.has(name(page, side));

/** Counts an answer of the bot. */
export function countSuccess(page: PageId): void {
  if (successes.size >= MAX_REMEMBERED) successes.clear();
  successes.set(page, (successes.get(page) ?? 0) + 1);
}

/** The answers counted since the last call. */
export function takeSuccesses(page: PageId): number {
  const count = successes.get(page) ?? 0;
  successes.delete(page);
  return count;
}
