/** Meta hangs up after 20 s. */
const PATIENCE_MS = 20_000;

/**
 * Runs a request with Meta's patience.
 *
 * The timer is cleared as soon as the work is done: `AbortSignal.timeout` would keep the object awake for the rest
 * of the 20 seconds.
 *
 * @param work Must give the signal to its `fetch`; it aborts when time is up or `interrupted` does.
 */
export async function withPatience<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  interrupted?: AbortSignal,
): Promise<Result> {
  const timeUp = new AbortController();
  const reason = new DOMException(`No answer within ${PATIENCE_MS} ms`, "TimeoutError");
  const timer = setTimeout(() => timeUp.abort(reason), PATIENCE_MS);
  try {
    return await work(interrupted ? AbortSignal.any([interrupted, timeUp.signal]) : timeUp.signal);
  } finally {
    clearTimeout(timer);
  }
}
