import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const simulatorBindings = {
  SIM_PAGES: JSON.stringify([{ id: "100200300400500", name: "Sample Page", token: "SIM-PAGE-TOKEN" }]),
  SIM_APP_ID: "900100200300",
  SIM_APP_SECRET: "sim-app-secret",
  SIM_VERIFY_TOKEN: "sim-verify-token",
  SIM_WEBHOOK_URL: "http://127.0.0.1:9/webhook",
};

/**
 * Four kinds of test, by what they run on:
 * - core: pure logic, in Node, no I/O;
 * - gateway, simulator: the Worker's rooms on real workerd with real SQLite objects;
 * - e2e: the shipped bundle as a process, with bots, Graph and browsers as other processes.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "core", include: ["test/core/**/*.test.ts"] } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "gateway", include: ["test/worker/**/*.test.ts"] },
      },
      {
        plugins: [cloudflareTest({
            wrangler: { configPath: "./src/simulator/wrangler.toml" },
            miniflare: { bindings: simulatorBindings },
          })],
        test: { name: "simulator", include: ["test/simulator/**/*.test.ts"] },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
