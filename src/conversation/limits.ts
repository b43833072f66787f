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

/** How long to wait for the echo of a message whose outcome is unknown before it is sent again, ms. */
export const ECHO_GRACE_MS = 20_000;

/** How often a page that holds its messages (no token, token refused, blocked by Meta) is tried again, ms. */
export const HOLD_RETRY_MS = 5 * 60_000;

/** Leases lost to crashes don't count as failures of the bot; this many of one delivery or message mean the events themselves kill the run. */
export const MAX_LOST_LEASES = 50;

/** How long to wait for someone to correct the settings, ms. */
export const SETTINGS_RETRY_MS = 60_000;

/** An alarm this late, ms, is taken for lost and set again: it has been seen to happen. */
export const ALARM_OVERDUE_MS = 60_000;

/** Meta's standard messaging window, ms. */
export const WINDOW_MS = 24 * 60 * 60_000;

/** The bot's state as JSON text. */
export const STATE_MAX_BYTES = 64 * 1024;
