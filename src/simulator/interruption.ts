/** What a reset cuts short: waits and requests under way belong to a world that no longer exists. */
export class Interruption {
  #controller = new AbortController();

  /** Take the signal before the first wait of a piece of work; it aborts when the simulator is reset. */
  signal(): AbortSignal {
    return this.#controller.signal;
  }

  interruptAll(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
  }

  /** @returns `interrupted` as soon as the simulator is reset, otherwise `elapsed` after so many milliseconds. */
  async wait(ms: number): Promise<"elapsed" | "interrupted"> {
    const signal = this.signal();
    try {
      await scheduler.wait(ms, { signal });
      return "elapsed";
    } catch (error) {
      if (signal.aborted) return "interrupted";
      throw error;
    }
  }
}
