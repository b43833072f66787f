/** The conversation's numbers, each with its reason. */

/** The longest a message to the user may take, with the actions that go before it, ms. */
export const SEND_MS = 15_000;

/**
 * How long a lease lasts, ms: longer than the longest piece of work and its report, or a slow bot would be called twice.
 * The same for both directions, so that one alarm serves an exchange without being moved.
 */
export const leaseMs = (botTimeoutMs: number): number => Math.max(botTimeoutMs, SEND_MS) + 10_000;

/** A delivery's size: what a bot can take in one request. */
export const DELIVERY_MAX_EVENTS = 25;
export const DELIVERY_MAX_BYTES = 128 * 1024;

/** Whoever goes on writing is waited for so many times as long as the page gathers. */
export const GATHER_REACH = 5;

/** How long to wait for the echo of a message whose outcome is unknown before it is sent again, ms. */
export const ECHO_GRACE_MS = 20_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * How long work waits that its page can't do now (bot known to be down, token refused, rate limit), ms. The page wakes it
 * as soon as it can (pages/gate.ts); this is for the case that it forgets, so it grows with the time already waited.
 * @param waitedMs how long it has waited so far
 * @param random a number in [0, 1)
 */
export const postponeMs = (waitedMs: number, random: number): number =>
  Math.floor(Math.min(Math.max(waitedMs / 2, 10 * MINUTE), 4 * HOUR) * (1 + random / 2));

/** Events that wait longer for a bot become a dead letter: as long as the longest schedule of retries, ms. */
export const GIVE_UP_MS = 76 * HOUR;

/** Messages held longer fail: after a week not even a person may write to the user, ms. */
export const HOLD_LIMIT_MS = 7 * 24 * HOUR;

/** Events of one conversation that may wait for the bot. Beyond it Meta is told to keep them: one user must not fill an object. */
export const MAX_WAITING = 10_000;

/** Requests to send that may wait in one conversation: beyond it the caller is told to slow down. */
export const MAX_OPEN = 1000;

/** The start of a bot's answer that is kept with its attempt, in characters. */
export const EXCERPT_CHARS = 1024;

/** How far back a message is looked for by its mid, in outbox entries: receipts concern recent ones. */
export const RECEIPT_REACH = 200;

/** An event this much older than its arrival, ms, may have been overtaken by others: Meta keeps no order across POSTs. */
export const LATE_MS = 10_000;

/** How far back a request is looked for by its id, in numbers of events and entries: it is repeated soon, or not at all. */
export const REQUEST_REACH = 10_000;

/** A conversation that comes to rest again within this time is lively: more is likely to come, ms. */
export const LIVELY_MS = 60_000;

/** Old rows are deleted once a day at most, ms. */
export const TIDY_EVERY_MS = 24 * HOUR;

/** Leases lost to crashes don't count as failures of the bot; this many of one delivery or message mean the events themselves kill the run. */
export const MAX_LOST_LEASES = 50;

/** How long to wait for someone to correct the settings, ms. */
export const SETTINGS_RETRY_MS = 60_000;

/** An alarm this late, ms, is taken for lost and set again: it has been seen to happen. */
export const ALARM_OVERDUE_MS = 60_000;

/** The bot's state as JSON text. */
export const STATE_MAX_BYTES = 64 * 1024;
