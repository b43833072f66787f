import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import type { WorkerName } from "./bundle.ts";
import { WORKERD, writeWorkerdConfig } from "./workerd.ts";

/** Starting and ending the processes that `npm start`, the tests and the benchmarks run. */

export interface Running {
  /** `http://127.0.0.1:<port>` */
  url: string;
  child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Ends it and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Serves a bundle on bare workerd. Resolves when it answers. */
export async function serveWorker(
  worker: WorkerName,
  port: number,
  stateDir: string,
  settings: Record<string, string>,
): Promise<Running> {
  mkdirSync(stateDir, { recursive: true });
  const variables = Object.keys(settings);
  const config = writeWorkerdConfig({ worker, host: "127.0.0.1", port, stateDir, variables });
  return start(WORKERD, ["serve", config], settings, port, "/healthz");
}

/** Starts a program that listens on `port`, with these variables and nothing else of the environment but PATH. Resolves when it answers. */
export async function start(
  program: string,
  args: string[],
  variables: Record<string, string>,
  port: number,
  probe: string,
): Promise<Running> {
  const env = { PATH: process.env["PATH"] ?? "", ...variables };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output = (output + text).slice(-64 * 1024);
    });
  }
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const running: Running = {
    url,
    child,
    output: () => output,
    end: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      // workerd finishes open requests first; a browser's live connection never ends by itself.
      const impatience = setTimeout(() => child.kill("SIGKILL"), END_LIMIT_MS);
      await gone;
      clearTimeout(impatience);
    },
  };
  await answers(url + probe, running);
  return running;
}

const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 2_000;

async function answers(url: string, { child, output }: Running): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  while (Date.now() < limit) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at once:\n${output()}`);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
      await response.body?.cancel();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  child.kill("SIGKILL");
  throw new Error(`${child.spawnfile} did not answer at ${url}:\n${output()}`);
}
