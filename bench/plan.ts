/** How much is measured. */
export interface Plan {
  /** Rounds in which all sides take their turn. */
  rounds: number;
  /** How long one side's turn should last, s; from the rate seen while warming up. */
  turnSeconds: number;
  /** Single-event POSTs before anything is measured, so that the JIT compilers are done. */
  warmUp: number;
  /** Fixed rates of single-event POSTs, a second, and how long each lasts, s. */
  paces: readonly number[];
  paceSeconds: number;
  /** Events, each of its own user, in one POST. */
  batches: readonly number[];
  batchRounds: number;
  /** Events in a conversation, the largest last. */
  depths: readonly number[];
  /** Users there are, the most last. */
  crowds: readonly number[];
  /** How long exchanges are paced, s. */
  exchangeSeconds: number;
  /** Rounds of exchanges as fast as they go, and how many are a turn. */
  exchangeRounds: number;
  exchangeTurn: number;
  /** Rising rates of exchanges a second, and how long each lasts, s. */
  sustainedRates: readonly number[];
  sustainedSeconds: number;
  sustainedUsers: number;
  /** Whether the rate between the last that was carried and the first that wasn't is tried too. */
  sustainedBetween: boolean;
  /** Rates of exchanges at which commits are counted. Alone, each pays for its own; together, they share those of the alarm list. */
  commitRates: readonly number[];
  /** How long the bot takes in the exchanges whose price is counted, ms. */
  botsMs: readonly number[];
}

export const FULL: Plan = {
  rounds: 7,
  turnSeconds: 1,
  warmUp: 2500,
  paces: [200, 1000],
  paceSeconds: 3,
  batches: [1, 100, 1000],
  batchRounds: 3,
  depths: [10, 100, 1000, 10_000],
  crowds: [100, 1000, 4000],
  exchangeSeconds: 8,
  exchangeRounds: 5,
  exchangeTurn: 500,
  sustainedRates: [200, 400, 600, 800, 1000, 1200],
  sustainedSeconds: 7,
  sustainedUsers: 1000,
  sustainedBetween: true,
  commitRates: [20, 200],
  botsMs: [50, 3000, 20_000],
};

/** A first impression: too short for verdicts that lie close to a budget. */
export const QUICK: Plan = {
  rounds: 3,
  turnSeconds: 0.3,
  warmUp: 800,
  paces: [200],
  paceSeconds: 1,
  batches: [1, 100],
  batchRounds: 2,
  depths: [10, 1000],
  crowds: [100, 200],
  exchangeSeconds: 2,
  exchangeRounds: 2,
  exchangeTurn: 200,
  sustainedRates: [200, 600],
  sustainedSeconds: 2,
  sustainedUsers: 200,
  sustainedBetween: false,
  commitRates: [],
  botsMs: [50, 3000],
};

/** `--growth`: what takes minutes, a file for every user. */
export const CROWDS: readonly number[] = [100, 1000, 10_000, 50_000];
