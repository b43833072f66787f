/** How much is measured. */
export interface Plan {
  /** Rounds in which all sides take their turn. */
  rounds: number;
  /** How long one side's turn should last, s; from the rate seen while warming up. */
  turnSeconds: number;
  /** Single-event POSTs before anything is measured, so that the JIT compilers are done. */
  warmUp: number;
  /** Events, each of its own user, in one large POST. */
  batch: number;
  batchRounds: number;
  /** Events in the conversation that has many. */
  depth: number;
  /** How long exchanges are paced, s. */
  exchangeSeconds: number;
}

export const FULL: Plan = {
  rounds: 7,
  turnSeconds: 1,
  warmUp: 2500,
  batch: 1000,
  batchRounds: 5,
  depth: 10_000,
  exchangeSeconds: 10,
};

/** A first impression: too short for verdicts that lie close to a budget. */
export const QUICK: Plan = {
  rounds: 3,
  turnSeconds: 0.4,
  warmUp: 1000,
  batch: 200,
  batchRounds: 2,
  depth: 3000,
  exchangeSeconds: 3,
};
