/** Waits before the second, third … attempt, in milliseconds; the last one repeats. */
const WAITS_MS = [200, 500, 1000, 2000, 5000, 10_000, 15_000];

/** Meta retries for some 36 hours; a developer at the screen gets the same story in ten minutes. */
const GIVE_UP_AFTER_MS = 600_000;

/**
 * @param failures How many attempts have failed, at least 1.
 * @param firstAt When the first attempt began, in milliseconds.
 * @returns When to try again, or null if it is time to give up.
 */
export function nextAttemptAt(failures: number, firstAt: number, now: number): number | null {
  const wait = WAITS_MS[Math.min(failures, WAITS_MS.length) - 1] ?? 0;
  const next = now + wait;
  return next - firstAt > GIVE_UP_AFTER_MS ? null : next;
}
