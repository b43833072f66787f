/** When to try again. Pure: randomness is passed in. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Standard Webhooks, "Deliverability and reliability": three days at the most, half of that on average with jitter. */
const BOT_SCHEDULE = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** A reply is worth sending while the conversation is alive: quick at first, given up after some four hours. */
const SEND_SCHEDULE = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
] as const;

/** What the other side asks for is honoured up to a day. */
export const MAX_ASKED_MS = 24 * HOUR;

/**
 * Delay before the next delivery to the bot, ms; `undefined` when the schedule is used up.
 * @param failures failed attempts so far, from 1
 * @param askedMs what `Retry-After` asked for
 * @param random a number in [0, 1)
 */
export const botBackoff = (failures: number, askedMs: number | undefined, random: number) =>
  delay(BOT_SCHEDULE, failures, askedMs, random);

/** Delay before the message is sent again, ms; `undefined` when the schedule is used up. Parameters as {@link botBackoff}. */
export const sendBackoff = (failures: number, askedMs: number | undefined, random: number) =>
  delay(SEND_SCHEDULE, failures, askedMs, random);

/** Full jitter: anything up to the step, so that conversations that failed together don't come back together. */
function delay(
  schedule: readonly number[],
  failures: number,
  askedMs: number | undefined,
  random: number,
): number | undefined {
  const step = schedule[failures - 1];
  if (step === undefined) return undefined;
  if (askedMs !== undefined)
    return Math.min(Math.max(askedMs, 1), MAX_ASKED_MS) + Math.floor(random * SECOND);
  return Math.max(1, Math.floor(random * step));
}
