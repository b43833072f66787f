import { ALARM_OVERDUE_MS, LIVELY_MS } from "./limits.ts";

/**
 * An object has one alarm, and setting it costs a row. One setting serves an exchange: it is moved only when something is
 * due earlier. At rest it waits for housekeeping.
 */
export class AlarmClock {
  /** When it fires, ms; `null` if it isn't set, or if that isn't known. */
  at: number | null;
  readonly #storage: DurableObjectStorage;
  /** When the conversation last came to rest, ms; 0 if it hasn't since it woke. */
  #restedAt = 0;

  constructor(storage: DurableObjectStorage, at: number | null) {
    this.#storage = storage;
    this.at = at;
  }

  /**
   * @param due when something has to happen, ms; `null` at rest
   * @param tidyDue when old rows are to be deleted, ms; asked for at rest only
   */
  arm(due: number | null, tidyDue: () => number | null, now: number): void {
    if (due !== null) {
      const isLate = this.at === null || due < this.at || this.at < now - ALARM_OVERDUE_MS;
      // An alarm set for the past or for this very moment may not fire.
      if (isLate) this.set(Math.max(due, now + 1));
      return;
    }
    const isLively = now - this.#restedAt < LIVELY_MS;
    this.#restedAt = now;
    // In a lively conversation the alarm stays where it is: to fire once for nothing costs less than to be moved with
    // every exchange.
    if (isLively && this.at !== null) return;
    const tidyAt = tidyDue();
    if (this.at !== tidyAt) this.set(tidyAt);
  }

  set(at: number | null): void {
    this.at = at;
    if (at === null) this.#storage.deleteAlarm();
    else this.#storage.setAlarm(at);
  }
}
