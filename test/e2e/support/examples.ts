import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parse } from "smol-toml";
import { ROOT } from "../../../scripts/bundle.ts";
import { freePort, type Running, start } from "../../../scripts/processes.ts";
import { WORKERD } from "../../../scripts/workerd.ts";

/** The programs under examples/, each as its README starts it, but for the Worker, which runs on bare workerd. */

interface Place {
  port: number;
  /** A folder of this run alone. */
  folder: string;
  /** Names of the environment's variables. */
  variables: readonly string[];
}

type Command = readonly [program: string, ...args: string[]];

interface Example {
  command(place: Place): Command;
  /** What it runs on, if this machine doesn't have it. */
  lacks?: "python3" | "go";
}

const EXAMPLES = {
  "echo-bot": node("echo-bot/server.mjs"),
  "echo-bot-go": go("echo-bot-go"),
  "echo-bot-python": python("echo-bot-python/server.py"),
  "llm-bot": node("llm-bot/server.mjs"),
  "messenger-bot": node("messenger-bot/server.mjs"),
  "rasa-bot": python("rasa-bot/server.py"),
  "worker-bot": { command: workerd("worker-bot") },
} satisfies Record<string, Example>;
export type ExampleName = keyof typeof EXAMPLES;

/** Why an example is skipped, if it is. CI brings Python, so that a lack of it there is a failure; Go is a person's own. */
export function reasonToSkip(name: ExampleName): string | undefined {
  const { lacks }: Example = EXAMPLES[name];
  if (lacks === undefined || (lacks === "python3" && process.env["CI"] !== undefined)) return undefined;
  return `needs ${lacks}, which isn't here`;
}

/** For a test's name, so that a report says why it was skipped. */
export const titleOf = (name: ExampleName): string => {
  const reason = reasonToSkip(name);
  return `examples/${name}${reason === undefined ? "" : ` (${reason})`}`;
};

/** Starts an example with these variables and nothing else of the environment. Resolves when it answers. */
export async function startExample(
  name: ExampleName,
  variables: Record<string, string>,
  port?: number,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "messengate-example-"));
  const place = { port: port ?? (await freePort()), folder, variables: Object.keys(variables) };
  const [program, ...args] = EXAMPLES[name].command(place);
  const running = await start(
    program,
    args,
    { PORT: String(place.port), ...variables },
    place.port,
    "/healthz",
  );
  return {
    ...running,
    async end(signal) {
      await running.end(signal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs an example that is expected to end by itself. */
export function runExample(
  name: ExampleName,
  variables: Record<string, string>,
): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), "messengate-example-"));
  const [program, ...args] = EXAMPLES[name].command({ port: 0, folder, variables: [] });
  const env = { PATH: process.env["PATH"] ?? "", PORT: "0", ...variables };
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: 10_000 });
  rmSync(folder, { recursive: true, force: true });
  return { status, output: stdout + stderr };
}

function has(program: string, arg: string): boolean {
  return spawnSync(program, [arg]).status === 0;
}

function path(file: string): string {
  return join(ROOT, "examples", file);
}

function node(file: string): Example {
  return { command: () => [process.execPath, path(file)] };
}

function python(file: string): Example {
  const command = (): Command => ["python3", path(file)];
  return has("python3", "--version") ? { command } : { command, lacks: "python3" };
}

function go(folder: string): Example {
  const command = (place: Place): Command => {
    // `go run` would not pass signals on.
    const program = join(place.folder, "bot");
    runGo(folder, "build", "-o", program, ".");
    return [program];
  };
  return has("go", "version") ? { command } : { command, lacks: "go" };
}

/**
 * Runs Go's own tools on an example. Nothing is downloaded: there is nothing but the standard library.
 * @throws with what it printed, if it fails
 */
export function runGo(folder: string, ...args: string[]): void {
  const env = {
    ...process.env,
    GOFLAGS: "-buildvcs=false",
    GOPROXY: "off",
    GOTOOLCHAIN: "local",
    CGO_ENABLED: "0",
  };
  const { status, stdout, stderr } = spawnSync("go", args, { cwd: path(folder), env, encoding: "utf8" });
  if (status !== 0) throw new Error(`go ${args.join(" ")}:\n${stdout}${stderr}`);
}

/** A Worker's own files, unbundled, under the compatibility date of its wrangler.toml. */
function workerd(example: string): Example["command"] {
  return ({ port, folder, variables }) => {
    const text = (value: string) => JSON.stringify(value);
    const toml = parse(readFileSync(path(`${example}/wrangler.toml`), "utf8"));
    const modules = ["index.js", "dialog.js"].map((file) => {
      const source = relative(folder, path(`${example}/src/${file}`));
      return `(name = ${text(file)}, esModule = embed ${text(source)})`;
    });
    const bindings = variables.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`);
    const config = join(folder, "workerd.capnp");
    writeFileSync(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "bot", worker = .bot)],
  sockets = [(name = "http", address = ${text(`127.0.0.1:${port}`)}, http = (), service = "bot")],
);
const bot :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = ${text(String(toml["compatibility_date"]))},
  bindings = [${bindings.join(", ")}],
);
`,
    );
    return [WORKERD, "serve", config];
  };
}
