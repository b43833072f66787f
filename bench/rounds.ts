import type { Figure } from "./figure.ts";
import type { Sample } from "./server.ts";
import { median } from "./statistics.ts";

/**
 * Measures several sides in turn, round after round, every other round backwards: what changes slowly (other load,
 * clock rates, a filling disk) meets all sides alike.
 */
export async function interleave<Side extends string>(
  rounds: number,
  sides: Record<Side, () => Promise<Sample>>,
): Promise<Record<Side, Sample[]>> {
  const order = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(order.map((side) => [side, []])) as unknown as Record<Side, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? order : order.toReversed()) {
      samples[side].push(await sides[side]());
    }
  }
  return samples;
}

/**
 * A side's rate divided by the floor's in the same round: the median over the rounds, and behind it the smallest and
 * the largest of those ratios (how far the median can be trusted), both sides' own rates, and CPU time per event, which
 * waiting for storage does not blur.
 */
export function againstFloor(
  side: readonly Sample[],
  floor: readonly Sample[],
): Pick<Figure, "value" | "unit" | "detail"> {
  const ratios = ratiosOf(side, floor, "perSecond");
  const cpuRatios = ratiosOf(side, floor, "cpuMicros");
  const middle = (samples: readonly Sample[], of: keyof Sample) => median(samples.map((one) => one[of]));
  return {
    value: median(ratios),
    unit: "×",
    detail: {
      min: Math.min(...ratios),
      max: Math.max(...ratios),
      perSecond: middle(side, "perSecond"),
      floorPerSecond: middle(floor, "perSecond"),
      p50Ms: middle(side, "p50"),
      floorP50Ms: middle(floor, "p50"),
      p99Ms: middle(side, "p99"),
      floorP99Ms: middle(floor, "p99"),
      cpuRatio: median(cpuRatios),
      cpuMicros: middle(side, "cpuMicros"),
      floorCpuMicros: middle(floor, "cpuMicros"),
    },
  };
}

/** Round by round. */
export function ratiosOf(side: readonly Sample[], other: readonly Sample[], of: keyof Sample): number[] {
  return side.map((sample, round) => sample[of] / (other[round]?.[of] ?? Number.NaN));
}
