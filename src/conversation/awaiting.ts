import type { MetaAnswer } from "./work.ts";

/**
 * Those who wait for a message's end, and what Meta answered to it. Kept in memory only: should the object die, they ask
 * again, and are told what the rows tell.
 */
export class Awaiting {
  readonly #waiters = new Map<number, (() => void)[]>();
  readonly #answers = new Map<number, MetaAnswer>();

  /** Resolves when the entry is settled, or when the time is up. */
  until(entry: number, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      const settled = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiters.set(entry, [...(this.#waiters.get(entry) ?? []), settled]);
    });
  }

  /** @param isOpen whether an entry is still to be settled */
  wake(isOpen: (entry: number) => boolean): void {
    for (const [entry, waiters] of this.#waiters) {
      if (isOpen(entry)) continue;
      this.#waiters.delete(entry);
      for (const settled of waiters) settled();
    }
  }

  keep(entry: number, answer: MetaAnswer): void {
    if (this.#answers.size >= MAX_KEPT) this.#answers.clear();
    this.#answers.set(entry, answer);
  }

  /** What Meta answered, once. */
  take(entry: number): MetaAnswer | null {
    const answer = this.#answers.get(entry) ?? null;
    this.#answers.delete(entry);
    return answer;
  }
}

/** Nobody may come for an answer any more. */
const MAX_KEPT = 100;
