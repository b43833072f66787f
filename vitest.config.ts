import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Whatever a test does not mean to reach answers 599: no test leaves this machine. */
const outboundService = () => new Response("not reachable in tests", { status: 599 });

const gatewaySettings = {
  META_APP_SECRET: "first-app-secret, second-app-secret",
  META_APP_ID: "900100200300",
  META_VERIFY_TOKEN: "verify-token-of-tests",
  PAGE_ACCESS_TOKENS: JSON.stringify({ "100200300400500": "PAGE-TOKEN-OF-TESTS" }),
  // The sample secret of the Standard Webhooks specification: its test vectors are made with it.
  BOT_SIGNING_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  BOT_URL: "https://bot.invalid/messages",
  GRAPH_URL: "https://graph.invalid",
  API_KEYS: JSON.stringify([
    { name: "bot", key: "bot-key-of-the-tests-000001", role: "bot" },
    { name: "operator", key: "operator-key-of-the-tests-1", role: "operator" },
    { name: "admin", key: "admin-key-of-the-tests-0001", role: "admin" },
    { name: "elsewhere", key: "bot-key-of-another-page-001", role: "admin", pages: ["999"] },
  ]),
};

const simulatorSettings = {
  SIM_PAGES: JSON.stringify([{ id: "100200300400500", name: "Sample Page", token: "SIM-PAGE-TOKEN" }]),
  SIM_APP_ID: "900100200300",
  SIM_APP_SECRET: "sim-app-secret",
  SIM_VERIFY_TOKEN: "sim-verify-token",
  SIM_WEBHOOK_URL: "http://127.0.0.1:9/webhook",
};

/**
 * By what they run on:
 * - gateway, simulator: a Worker's rooms on real workerd with real SQLite objects;
 * - e2e: the shipped bundle as a process, with bots, Graph and browsers as other processes;
 * - conformance: the same beside the simulator, behaviour by behaviour of what Meta documents (docs/messenger.md);
 * - cli: the commands of src/cli as processes, with wrangler as a fake and Meta as the simulator;
 * - faults: the same under load, while things are broken. Alone, after the others: it is about what happens when.
 */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // Not under the name that switches copies on: the other tests are about the gateway as it ships.
            miniflare: { bindings: gatewaySettings, outboundService, r2Buckets: ["MEDIA_OF_TESTS"] },
          }),
        ],
        test: {
          name: "gateway",
          include: [
            "test/*.test.ts",
            "test/{webhook,conversation,dispatch,bots,graph,pages,api,messages,profile,media,door,oauth,privacy,self-check}/**/*.test.ts",
          ],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./src/simulator/wrangler.toml" },
            miniflare: { bindings: simulatorSettings },
          }),
        ],
        test: { name: "simulator", include: ["test/simulator/**/*.test.ts"] },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          globalSetup: ["test/e2e/support/bundles.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/support/bundles.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          globalSetup: ["test/e2e/support/bundles.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          globalSetup: ["test/conformance/support/bundles.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
