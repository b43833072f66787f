/** Chance that can be replayed. */
export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number;
  /** True with this probability. */
  is(probability: number): boolean;
  /** The same items in an order of chance. */
  shuffled<T>(items: readonly T[]): T[];
}

/**
 * The same seed and names give the same numbers. Each decision has a stream of its own, named for what is decided, so
 * that what one process does doesn't depend on how fast another was.
 */
export function chanceOf(seed: number, ...names: (string | number)[]): Chance {
  let state = hash(`${seed}/${names.join("/")}`);
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    whole: (min, max) => min + Math.floor(next() * (max - min + 1)),
    is: (probability) => next() < probability,
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item),
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state;
}

/** The seed to begin with: FAULT_SEED to replay a failure, else a new one each time. */
export function firstSeed(): number {
  const given = process.env["FAULT_SEED"];
  if (given === undefined) return Math.floor(Math.random() * 1_000_000);
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error("FAULT_SEED is not a whole number");
  return seed;
}
