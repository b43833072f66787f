import { statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, platform, totalmem } from "node:os";

const TMPFS_MAGIC = 0x01021994;

/** What ran the figures, without its name: cores, model, memory, system, versions, and what the data lay on. */
export function describeMachine(stateDir: string): string {
  const { version: workerd } = createRequire(import.meta.url)("workerd/package.json");
  const storage = statfsSync(stateDir).type === TMPFS_MAGIC ? "a memory disk" : "a disk";
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory} GiB, ${platform()}`,
    `workerd ${workerd}, Node ${process.versions.node}`,
    `data on ${storage}`,
  ].join("; ");
}
