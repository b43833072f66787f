import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundle, isStale, ROOT } from "./bundle.ts";
import { settingsIn, WORKERD, writeWorkerdConfig } from "./workerd.ts";

/**
 * `npm run serve`: the bundle on bare workerd. Settings come from the environment under the names of wrangler's
 * secrets and variables; PORT (8787), HOST (127.0.0.1) and STATE_DIR (.state/gateway) say where. This process becomes
 * workerd, so that a signal sent to it reaches the runtime itself.
 */
if (isStale("gateway")) bundle("gateway");

const stateDir = resolve(process.env["STATE_DIR"] ?? join(ROOT, ".state/gateway"));
mkdirSync(stateDir, { recursive: true });

const host = process.env["HOST"] ?? "127.0.0.1";
const port = Number(process.env["PORT"] ?? 8787);
const config = writeWorkerdConfig({
  worker: "gateway",
  host,
  port,
  stateDir,
  variables: settingsIn(process.env),
});
console.log(`gateway on http://${host}:${port}, data in ${stateDir}`);

if (!process.execve) throw new Error("serve needs Node 22.15 or newer; `npm run serve` brings its own");
process.execve(WORKERD, [WORKERD, "serve", config], process.env);
