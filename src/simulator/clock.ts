const KEY = "clock_offset_ms";

/**
 * The simulated time: the real one, moved by an offset. It dates what users and pages say and decides which
 * windows are open, so that a test can let a day pass. Retries and time-outs run on real time.
 */
export class Clock {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** @returns Simulated milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offset();
  }

  /** @returns How far simulated time is ahead of real time, in milliseconds. */
  offset(): number {
    return this.#kv.get<number>(KEY) ?? 0;
  }

  move(offsetMs: number): void {
    this.#kv.put(KEY, offsetMs);
  }
}
