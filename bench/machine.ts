import { existsSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, platform, totalmem } from "node:os";

const TMPFS_MAGIC = 0x01021994;

/** Where Linux has one. */
export const MEMORY_DISK = "/dev/shm";

export const isMemoryDisk = (path: string): boolean =>
  existsSync(path) && statfsSync(path).type === TMPFS_MAGIC;

/** What ran the figures, without its name: cores, model, memory, system, versions, and what the data lay on. */
export function describeMachine(stateDir: string): string {
  const { version: workerd } = createRequire(import.meta.url)("workerd/package.json");
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory} GiB, ${platform()}`,
    `workerd ${workerd}, Node ${process.versions.node}`,
    `data on ${isMemoryDisk(stateDir) ? "a memory disk" : "a disk"}`,
  ].join("; ");
}
