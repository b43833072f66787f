import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { WORKERD } from "../scripts/workerd.ts";

const START_MS = 20_000;
const END_MS = 5_000;
/** Linux counts a process's CPU time in hundredths of a second (USER_HZ). */
const TICK_MICROS = 10_000;
const KEPT_OUTPUT = 4_000;

export interface Workerd extends AsyncDisposable {
  port: number;
  pid: number;
  /** Where the DevTools protocol listens, if it was asked for. */
  inspectorPort: number | undefined;
  /** CPU time used so far, all threads, µs; `NaN` where /proc doesn't tell. */
  cpuMicros(): number;
  /** Memory it holds, MiB; `NaN` where /proc doesn't tell. */
  residentMiB(): number;
  /** Files it has open; `NaN` where /proc doesn't tell. */
  openFiles(): number;
  /** The end of what it wrote: faults that the Worker logged. */
  output(): string;
}

/**
 * Starts bare workerd on a configuration whose socket is named `http`. The kernel picks the ports; workerd tells them
 * when it listens, so there is nothing to poll for.
 */
export async function startWorkerd(
  config: string,
  env: Record<string, string>,
  { inspect = false } = {},
): Promise<Workerd> {
  const args = ["serve", config, "--socket-addr=http=127.0.0.1:0", "--control-fd=3"];
  if (inspect) args.push("--inspector-addr=127.0.0.1:0");
  const child = spawn(WORKERD, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  try {
    const { http, inspector } = await listening(child, inspect, () => output);
    return {
      port: http,
      pid: child.pid ?? Number.NaN,
      inspectorPort: inspector,
      cpuMicros: () => cpuMicrosOf(child.pid),
      residentMiB: () => residentMiBOf(child.pid),
      openFiles: () => openFilesOf(child.pid),
      output: () => output,
      [Symbol.asyncDispose]: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

type Announcement = { event: string; socket?: string; port?: number };

async function listening(
  child: ChildProcess,
  inspect: boolean,
  output: () => string,
): Promise<{ http: number; inspector: number | undefined }> {
  const control = child.stdio[3] as Readable;
  const { promise, resolve, reject } = Promise.withResolvers<{
    http: number;
    inspector: number | undefined;
  }>();
  const timer = setTimeout(() => reject(new Error(`workerd did not start:\n${output()}`)), START_MS);
  child.once("exit", () => reject(new Error(`workerd ended:\n${output()}`)));
  child.once("error", reject);
  let text = "";
  let http: number | undefined;
  let inspector: number | undefined;
  control.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const { event, socket, port }: Announcement = JSON.parse(line);
      if (event === "listen" && socket === "http") http = port;
      if (event === "listen-inspector") inspector = port;
    }
    if (http !== undefined && (!inspect || inspector !== undefined)) resolve({ http, inspector });
  });
  return promise.finally(() => clearTimeout(timer));
}

/** Ends this one process, and waits until it has ended. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(timer);
}

function cpuMicrosOf(pid: number | undefined): number {
  if (process.platform !== "linux" || pid === undefined) return Number.NaN;
  // The second field, the name in parentheses, may hold anything: count from behind it (proc(5): utime 14, stime 15).
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

function residentMiBOf(pid: number | undefined): number {
  if (process.platform !== "linux" || pid === undefined) return Number.NaN;
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

function openFilesOf(pid: number | undefined): number {
  if (process.platform !== "linux" || pid === undefined) return Number.NaN;
  return readdirSync(`/proc/${pid}/fd`).length;
}
