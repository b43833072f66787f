import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../../scripts/bundle.ts";
import { freePort } from "../../../scripts/processes.ts";

/** A folder as somebody has it who cloned Messengate, and the commands run in it as a person runs them. */
export interface Project {
  folder: string;
  ports: { gateway: number; simulator: number; bot: number };
  path(name: string): string;
  read(name: string): string;
  /** `npm run setup -- …` */
  setup(args: string[], options?: RunOptions): Promise<Ran>;
  /** The same, as long as it goes on. */
  begin(args: string[], options?: RunOptions): Begun;
  /** `npm run profile -- …` */
  profile(args: string[], options?: RunOptions): Promise<Ran>;
  end(): void;
}

interface RunOptions {
  environment?: Record<string, string>;
  input?: string;
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Begun {
  child: ChildProcess;
  output(): string;
  ended: Promise<Ran>;
}

/** @param account what Cloudflare has for it, if anything */
export async function newProject(account?: Partial<Account>): Promise<Project & { account(): Account }> {
  const folder = mkdtempSync(join(tmpdir(), "messengate-cli-"));
  const ports = { gateway: await freePort(), simulator: await freePort(), bot: await freePort() };
  copyFileSync(join(ROOT, "wrangler.toml"), join(folder, "wrangler.toml"));
  const cloudflare = join(folder, ".cloudflare.json");
  writeFileSync(cloudflare, JSON.stringify({ ...NOTHING, ...account }));
  putFakeWrangler(join(folder, ".bin"));
  const begin = (script: string, args: string[], options: RunOptions = {}): Begun => {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], {
      cwd: folder,
      env: {
        HOME: folder,
        PATH: [join(folder, ".bin"), dirname(process.execPath), process.env["PATH"]].join(":"),
        FAKE_CLOUDFLARE: cloudflare,
        PORT: String(ports.gateway),
        SIMULATOR_PORT: String(ports.simulator),
        BOT_PORT: String(ports.bot),
        ...options.environment,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.end(options.input ?? "");
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ran>((resolve) => {
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    return { child, output: () => stdout + stderr, ended };
  };
  return {
    folder,
    ports,
    path: (name) => join(folder, name),
    read: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : ""),
    setup: (args, options) => begin("src/cli/setup.ts", args, options).ended,
    begin: (args, options) => begin("src/cli/setup.ts", args, options),
    profile: (args, options) => begin("src/cli/profile.ts", args, options).ended,
    account: () => JSON.parse(readFileSync(cloudflare, "utf8")),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An account at Cloudflare, as the fake wrangler keeps it. */
export interface Account {
  email: string | null;
  /** `null`: there is no Worker yet. */
  secrets: Record<string, string> | null;
  deploys: number;
  targets: string[];
  /** By command: what wrangler fails with. */
  trouble: Record<string, string>;
  /** The command that never comes to its end. */
  hangs: string | null;
  calls: { args: string[]; input: string; environment: Record<string, string> }[];
}

const NOTHING: Account = {
  email: "dev@shop.example",
  secrets: null,
  deploys: 0,
  targets: ["https://messengate.shop.workers.dev"],
  trouble: {},
  hangs: null,
  calls: [],
};

/** On PATH before the real one, as `npm run` would have that. */
export function putFakeWrangler(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const script = join(import.meta.dirname, "fake-wrangler.mjs");
  const wrangler = join(folder, "wrangler");
  writeFileSync(wrangler, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(wrangler, 0o755);
}
