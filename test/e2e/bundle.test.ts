import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundlePath, WORKERS } from "../../scripts/bundle.ts";

/** docs/performance.md, "Budgets". */
const BUDGET_BYTES = 150 * 1024;

it("the bundle that is deployed stays within its budget", () => {
  expect(gzipSync(readFileSync(bundlePath("gateway")), { level: 9 }).length).toBeLessThan(BUDGET_BYTES);
});

it("has no part of the simulator in it", () => {
  const code = readFileSync(bundlePath("gateway"), "utf8");
  expect(code).not.toMatch(/src\/simulator|_sim\/|SIM_APP_SECRET/);
  expect(
    readdirSync(WORKERS.gateway.out).filter((file) => !/^(index\.js(\.map)?|README\.md)$/.test(file)),
  ).toEqual([]);
});
