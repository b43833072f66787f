import { parseArgs } from "node:util";
import { bundle } from "../../scripts/bundle.ts";
import { complaint, excuses, head, line, totals } from "./report.ts";
import { isSound, type Outcome, play } from "./scenario.ts";
import { LONG } from "./scenarios.ts";
import { firstSeed } from "./seed.ts";

/**
 * `npm run test:faults`: every long scenario with several seeds. Ends with exit code 1 if anything was lost, disordered or
 * doubled without need.
 *
 *     --seeds N     how many seeds each scenario runs with (4: some 160 kills)
 *     --minutes M   no run begins later than this (10); one takes up to 10 more, most take 1 to 4
 *     --only TEXT   only scenarios whose name has this in it
 *     --at-once N   how many run at the same time (4)
 *
 * FAULT_SEED=… sets the first seed, FAULT_STATE_DIR=/dev/shm where the data goes, FAULT_KEEP=1 keeps it.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "4" },
    minutes: { type: "string", default: "10" },
    only: { type: "string", default: "" },
    "at-once": { type: "string", default: "4" },
  },
});
const seeds = Number(values.seeds);
const lastStart = Date.now() + Number(values.minutes) * 60_000;
const scenarios = LONG.filter(({ name }) => name.includes(values.only));

const first = firstSeed();
const runs = Array.from({ length: seeds }, (_, at) => first + at).flatMap((seed) =>
  scenarios.map((scenario) => ({ scenario, seed })),
);
const outcomes: Outcome[] = [];
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => interrupted.abort(new Error(signal)));
}

async function lane(): Promise<void> {
  for (let run = runs.shift(); run && Date.now() < lastStart; run = runs.shift()) {
    const outcome = await play(run.scenario, run.seed, interrupted.signal);
    outcomes.push(outcome);
    console.log([line(outcome), ...excuses(outcome)].join("\n"));
    if (!isSound(outcome.findings)) console.log(complaint(outcome));
  }
}

bundle("gateway");
console.log(`FAULT_SEED=${first}\n${head()}`);
try {
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, lane));
} catch (error) {
  console.error(String(error));
  interrupted.abort(error);
  process.exitCode = 1;
}
console.log(`\n${head()}\n${totals(outcomes)}`);
if (outcomes.length === 0 || outcomes.some(({ findings }) => !isSound(findings))) process.exitCode = 1;
