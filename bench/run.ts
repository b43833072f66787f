import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../scripts/bundle.ts";
import { type Bench, startBench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { ack } from "./figures/ack.ts";
import { batch } from "./figures/batch.ts";
import { bundleSize } from "./figures/bundle-size.ts";
import { commits } from "./figures/commits.ts";
import { crowd } from "./figures/crowd.ts";
import { depth } from "./figures/depth.ts";
import { exchange } from "./figures/exchange.ts";
import { exchangeMaximum } from "./figures/exchange-maximum.ts";
import { nothingLost } from "./figures/nothing-lost.ts";
import { price } from "./figures/price.ts";
import { storedThen200 } from "./figures/stored-then-200.ts";
import { sustained } from "./figures/sustained.ts";
import { describeMachine } from "./machine.ts";
import { CROWDS, FULL, QUICK } from "./plan.ts";
import { table, verdictOf } from "./report.ts";
import type { Server } from "./server.ts";

/**
 * `npm run bench`: the figures of docs/performance.md.
 *   --quick            within a minute, for a first impression
 *   --growth           the growth with users alone, up to 50,000: some minutes, and a file for each of them
 *   --only NAME,…      these figures alone, by the names of their functions
 *   --json             all details, as JSON
 *   --state-dir DIR    where the objects' files go (default: the system's folder for temporary files)
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    "state-dir": { type: "string", default: tmpdir() },
  },
});

const FIGURES: readonly ((bench: Bench) => Promise<Figure[]>)[] = [
  exchange,
  price,
  commits,
  ack,
  storedThen200,
  exchangeMaximum,
  sustained,
  depth,
  batch,
  crowd,
];

const stack = new AsyncDisposableStack();
let ending: Promise<void> | undefined;
let servers: readonly Server[] = [];
/** Ends what was started, once; whoever comes second waits for it as well. */
const end = (): Promise<void> => {
  ending ??= stack.disposeAsync();
  return ending;
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    process.exitCode = 130;
    end();
  });
}

try {
  const began = performance.now();
  const stateRoot = resolve(values["state-dir"]);

  const say = (text: string) => process.stderr.write(`${text}\n`);
  say("bundling …");
  const figures: Figure[] = [bundleSize(bundle("gateway"))];
  say("starting and warming up …");
  const plan = values.growth ? { ...FULL, crowds: CROWDS } : values.quick ? QUICK : FULL;
  const bench = await startBench(plan, stateRoot, stack);
  servers = bench.servers;
  // workerd puts objects away ten seconds after their last call, and every one of them costs the others a moment: the
  // figure that shows single stalls comes first, those that leave thousands of objects behind come last.
  const only = values.growth ? "crowd" : values.only;
  const chosen = only?.split(",");
  for (const measure of FIGURES) {
    if (chosen && !chosen.includes(measure.name)) continue;
    const from = performance.now();
    figures.push(...(await measure(bench)));
    say(`${measure.name}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
  }
  say("counting what was stored …");
  figures.push(await nothingLost(bench));

  const machine = describeMachine(stateRoot);
  const seconds = Math.round((performance.now() - began) / 1000);
  if (values.json) {
    const judged = figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) }));
    console.log(JSON.stringify({ machine, quick: values.quick, seconds, figures: judged }, null, 2));
  } else {
    console.log(`${table(figures)}\n\n${machine}; ${values.quick ? "--quick, " : ""}${seconds} s`);
  }
} catch (error) {
  // What fails because it was interrupted is no fault.
  if (!ending) throw error;
} finally {
  for (const { workerd } of servers) {
    if (workerd.output() !== "") process.stderr.write(`\na server logged:\n${workerd.output()}\n`);
  }
  await end();
}
