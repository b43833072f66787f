import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bench, CONNECTIONS } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import { pace } from "../exchanges.ts";
import type { Figure } from "../figure.ts";
import { startGateway } from "../gateway.ts";

const USERS = 50;
const SECONDS = 2;
const ATTACHED_MS = 300;

/** How often an exchange waits for the disk: `fsync` calls of the workerd process, as strace counts them; nothing without it. */
export async function commits(bench: Bench): Promise<Figure[]> {
  const rates = bench.plan.commitRates;
  if (rates.length === 0 || spawnSync("strace", ["-V"]).status !== 0) return [];
  const { standIn, roots } = bench;
  const stateDir = join(roots[0]?.path ?? "", "commits");
  await using server = bench.adopt(await startGateway({ stateDir }, standIn, "all"), "delivers");
  const users = newUsers(USERS);
  await server.measure(CONNECTIONS, singlePosts(textsOf(users, USERS * 4)), 1, bench.settled);

  const figures: Figure[] = [];
  for (const rate of rates) {
    const log = join(stateDir, `strace.${rate}`);
    const calls = "fsync,fdatasync,pwrite64";
    const args = ["-f", "-y", "-e", `trace=${calls}`, "-o", log, "-p", String(server.workerd.pid)];
    const strace = spawn("strace", args, { stdio: "ignore" });
    await pause(ATTACHED_MS);
    await pace(server, standIn, users, rate, SECONDS);
    await pause(ATTACHED_MS);
    const ended = once(strace, "exit");
    strace.kill("SIGINT");
    await ended;
    const lines = readFileSync(log, "latin1").split("\n");
    const each = (call: RegExp, file: RegExp) =>
      lines.filter((line) => call.test(line) && file.test(line)).length / (rate * SECONDS);
    const alarms = each(/ f(data)?sync\(/, /metadata\.sqlite/);
    const all = each(/ f(data)?sync\(/, /\.sqlite/);
    figures.push({
      id: `commits.${rate}`,
      what: `waits for the disk (fsync) per exchange at ${rate}/s`,
      value: all,
      unit: "commits",
      budget: undefined,
      detail: { object: all - alarms, alarmList: alarms, writes: each(/ pwrite64\(/, /\.sqlite/) },
    });
  }
  return figures;
}
