import { DELIVERY_MAX_BYTES, DELIVERY_MAX_EVENTS } from "./limits.ts";

/** How many of these events (sizes in bytes) go into one delivery: at least one, whatever its size. */
export function howManyFit(sizes: readonly number[]): number {
  let bytes = 0;
  let count = 0;
  for (const size of sizes) {
    bytes += size;
    if (count > 0 && (count === DELIVERY_MAX_EVENTS || bytes > DELIVERY_MAX_BYTES)) break;
    count++;
  }
  return count;
}
