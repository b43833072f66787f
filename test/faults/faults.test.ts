import { afterAll, describe, expect, it } from "vitest";
import { complaint, excuses, head, line } from "./report.ts";
import { isSound, type Outcome, play } from "./scenario.ts";
import { SHORT } from "./scenarios.ts";
import { firstSeed } from "./seed.ts";

const seed = firstSeed();
const outcomes: Outcome[] = [];

/** The long form is long.ts. */
describe.concurrent(`nothing is lost, doubled or disordered (FAULT_SEED=${seed})`, () => {
  for (const scenario of SHORT) {
    it(scenario.name, async ({ signal }) => {
      const outcome = await play(scenario, seed, signal);
      outcomes.push(outcome);
      expect(isSound(outcome.findings), complaint(outcome)).toBe(true);
      expect(outcome.kills).toBe(scenario.kills?.times ?? 0);
    });
  }
});

afterAll(() => console.log([head(), ...outcomes.flatMap((one) => [line(one), ...excuses(one)])].join("\n")));
