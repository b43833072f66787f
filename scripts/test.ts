import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./bundle.ts";

/**
 * `npm test`: style, types, dead code, then every test. Each check counts as a test. The last line is the counts;
 * the exit code is 0 only when nothing failed and something ran.
 */
const CHECKS: [name: string, command: string, ...args: string[]][] = [
  ["style", "biome", "ci", "--error-on-warnings"],
  ["types of the Workers", "tsc", "-p", "tsconfig.json"],
  ["types of scripts, commands and end-to-end tests", "tsc", "-p", "tsconfig.node.json"],
  ["dead code", "knip"],
];

let passed = 0;
let failed = 0;
let skipped = 0;

const bin = (name: string) => join(ROOT, "node_modules/.bin", name);
const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}`,
};

for (const [name, command, ...args] of CHECKS) {
  const { status, stdout, stderr } = spawnSync(bin(command), args, { cwd: ROOT, env, encoding: "utf8" });
  if (status === 0) passed++;
  else {
    failed++;
    process.stdout.write(stdout + stderr);
  }
  console.log(`${status === 0 ? "✓" : "×"} ${name}`);
}

/** One after the other: the fault suite needs the machine for itself. */
const SUITES = [["gateway", "simulator", "e2e", "cli", "conformance"], ["faults"]];
const suites = process.argv.includes("--checks") ? [] : SUITES;
const folder = mkdtempSync(join(tmpdir(), "messengate-results-"));

for (const projects of suites) {
  const results = join(folder, `${projects[0]}.json`);
  const vitest = spawnSync(
    bin("vitest"),
    [
      "run",
      ...projects.map((project) => `--project=${project}`),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${results}`,
    ],
    { cwd: ROOT, env, stdio: "inherit" },
  );
  try {
    const report = JSON.parse(readFileSync(results, "utf8"));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    // A suite that could not even be loaded has no failed test of its own.
    if (vitest.status !== 0 && report.numFailedTests === 0) failed++;
  } catch {
    console.error("the tests did not run to their end");
    failed++;
  }
}
rmSync(folder, { recursive: true, force: true });

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
