import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../scripts/bundle.ts";
import { startBench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { batch } from "./figures/batch.ts";
import { bundleSize } from "./figures/bundle-size.ts";
import { depth } from "./figures/depth.ts";
import { exchange } from "./figures/exchange.ts";
import { nothingLost } from "./figures/nothing-lost.ts";
import { storedThen200 } from "./figures/stored-then-200.ts";
import { describeMachine } from "./machine.ts";
import { FULL, QUICK } from "./plan.ts";
import { table, verdictOf } from "./report.ts";

/**
 * `npm run bench`: the figures of docs/performance.md.
 *   --quick            within half a minute, for a first impression
 *   --json             all details, as JSON
 *   --state-dir DIR    where the objects' files go (default: the system's folder for temporary files)
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "state-dir": { type: "string", default: tmpdir() },
  },
});

const stack = new AsyncDisposableStack();
let ending: Promise<void> | undefined;
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
  const dir = mkdtempSync(join(stateRoot, "messengate-bench-"));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));

  const say = (text: string) => process.stderr.write(`${text}\n`);
  say("bundling …");
  const figures: Figure[] = [bundleSize(bundle("gateway"))];
  say("starting and warming up …");
  const bench = await startBench(values.quick ? QUICK : FULL, dir, stack);
  // workerd puts objects away ten seconds after their last call, and every one of them costs the others a moment: the
  // figure that shows single stalls comes first, the one that leaves thousands of objects behind comes last.
  for (const measure of [exchange, storedThen200, depth, batch]) {
    say(`${measure.name} …`);
    figures.push(...(await measure(bench)));
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
  for (const [name, server] of Object.entries({
    bare: bench.bare,
    storing: bench.storing,
    whole: bench.whole,
  })) {
    if (server.workerd.output() !== "") say(`\n${name} logged:\n${server.workerd.output()}`);
  }
} catch (error) {
  // What fails because it was interrupted is no fault.
  if (!ending) throw error;
} finally {
  await end();
}
