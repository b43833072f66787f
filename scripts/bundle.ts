import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** The repository's folder. */
export const ROOT = join(import.meta.dirname, "..");

/** What can be bundled, where its settings stand and where its bundle goes. */
export const WORKERS = {
  gateway: { config: join(ROOT, "wrangler.toml"), out: join(ROOT, "dist/gateway") },
  simulator: { config: join(ROOT, "src/simulator/wrangler.toml"), out: join(ROOT, "dist/simulator") },
} as const;
export type WorkerName = keyof typeof WORKERS;

export const bundlePath = (worker: WorkerName): string => join(WORKERS[worker].out, "index.js");

/** Whether the sources are newer than the bundle, or there is none. */
export function isStale(worker: WorkerName): boolean {
  if (!existsSync(bundlePath(worker))) return true;
  const built = statSync(bundlePath(worker)).mtimeMs;
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    // wrangler's own, written while it bundles.
    .filter((file) => !file.includes(".wrangler"))
    .map((file) => join(ROOT, "src", file));
  return [...sources, WORKERS[worker].config, join(ROOT, "package-lock.json")].some(
    (file) => statSync(file).mtimeMs > built,
  );
}

/**
 * Bundles a Worker exactly as `wrangler deploy` ships it.
 * @returns the bundle's size in bytes after gzip, which is what Cloudflare's limits count
 */
export function bundle(worker: WorkerName): number {
  const { config, out } = WORKERS[worker];
  rmSync(out, { recursive: true, force: true });
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", out, "--config", config];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "warn", CI: "true" },
  });
  if (status !== 0) throw new Error(`wrangler could not bundle the ${worker}:\n${stdout}${stderr}`);
  return gzipSync(readFileSync(bundlePath(worker)), { level: 9 }).length;
}
