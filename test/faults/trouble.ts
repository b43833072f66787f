import type { Chance } from "./seed.ts";

/** Every way in which the bot and Graph go wrong. */

/** What a bot does instead of answering well. */
export type BotTrouble =
  | "slow"
  /** Never answers. */
  | "hang"
  /** Resets the connection. */
  | "reset"
  /** Cuts the connection in the middle of its answer. */
  | "half"
  /** 200 with an HTML page. */
  | "garbage"
  | "500"
  /** With `Retry-After`. */
  | "429"
  /** Kills itself with SIGKILL before it answers. */
  | "die";

/** Those after which the gateway comes back within seconds, however often they happen. */
export const QUICK_BOT_TROUBLES: ReadonlySet<BotTrouble> = new Set(["slow", "429"]);

/** What Graph does instead of accepting a message and saying so. */
export type GraphTrouble =
  /** Accepts, and says so late. */
  | "slow"
  // Does not accept, and says so.
  | "500"
  | "429"
  // Does not accept, and doesn't say so.
  | "502"
  | "reset"
  | "hang"
  | "garbage"
  | "die"
  // Accepts, and doesn't say so.
  | "accept-502"
  | "accept-cut"
  | "accept-half"
  | "accept-hang"
  | "accept-garbage"
  | "accept-die"
  /** Accepts after the gateway has given up. */
  | "accept-late";

export const accepts = (trouble: GraphTrouble | null): boolean =>
  trouble === null || trouble === "slow" || trouble.startsWith("accept-");

const TOLD: ReadonlySet<GraphTrouble> = new Set(["slow", "500", "429"]);
/** Whether the gateway is left without an answer that says what became of the message. */
export const isUntold = (trouble: GraphTrouble | null): boolean => trouble !== null && !TOLD.has(trouble);

/** How likely each trouble is, of 1. */
export type Odds<Trouble extends string> = Partial<Record<Trouble, number>>;

export function troubleOf<Trouble extends string>(odds: Odds<Trouble>, chance: Chance): Trouble | null {
  let left = chance.next();
  for (const name in odds) {
    left -= odds[name] ?? 0;
    if (left < 0) return name;
  }
  return null;
}
