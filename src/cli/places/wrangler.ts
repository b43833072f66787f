import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";
import type { TomlPlace } from "./toml-vars.ts";

/** Cloudflare's own tool, as `npm run` finds it. Secrets reach it by standard input, never as arguments. */

const secretsSchema = z.array(z.object({ name: z.string() }));
const whoSchema = z.object({ loggedIn: z.optional(z.boolean()), email: z.optional(z.nullable(z.string())) });
const deploySchema = z.object({ type: z.literal("deploy"), targets: z.optional(z.array(z.string())) });

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

export class Wrangler {
  readonly #folder: string;
  readonly #place: TomlPlace;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param environment what wrangler needs of it; secrets of the gateway have no place there */
  constructor(folder: string, place: TomlPlace, environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#place = place;
    this.#environment = environment;
  }

  /** @returns who is logged in, as far as Cloudflare tells; `undefined`: nobody is */
  async whoami(): Promise<string | undefined> {
    const { status, stdout } = await this.#run(["whoami", "--json"]);
    if (status !== 0) return undefined;
    const who = whoSchema.safeParse(parsed(stdout)).data;
    return who?.loggedIn === false ? undefined : (who?.email ?? "an API token");
  }

  /** In the person's own terminal and browser. */
  async login(): Promise<void> {
    await this.#run(["login"], { isShown: true });
  }

  /** The names of the Worker's secrets; none if there is no such Worker yet. */
  async secrets(): Promise<string[]> {
    const { status, stdout, stderr } = await this.#run(["secret", "list", "--format", "json", this.#env]);
    if (status !== 0 && /not found|10007/i.test(stdout + stderr)) return [];
    const secrets = secretsSchema.safeParse(parsed(stdout));
    if (status !== 0 || !secrets.success) throw failed("list the secrets", stdout + stderr);
    return secrets.data.map(({ name }) => name);
  }

  /** Sets secrets; `null` deletes one. The Worker is made if there is none. In force with the next requests. */
  async putSecrets(secrets: Readonly<Record<string, string | null>>): Promise<void> {
    const run = await this.#run(["secret", "bulk", this.#env], { input: JSON.stringify(secrets) });
    if (run.status !== 0) throw failed("write the secrets", run.stdout + run.stderr);
  }

  /**
   * `wrangler deploy`, as `npm run deploy` does it.
   * @returns where the Worker answers
   */
  async deploy(): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), "messengate-deploy-"));
    const events = join(folder, "events.ndjson");
    try {
      const { status, stdout, stderr } = await this.#run(["deploy", this.#env], {
        variables: { WRANGLER_OUTPUT_FILE_PATH: events },
      });
      if (status !== 0) throw failed("deploy", stdout + stderr);
      return [...targetsIn(events), ...(stdout.match(/https:\/\/[\w.-]+\.workers\.dev/g) ?? [])];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** With environments in wrangler.toml, the top level has to be named too: by nothing. */
  get #env(): string {
    return `--env=${this.#place === "production" ? "" : this.#place}`;
  }

  #run(
    args: string[],
    options: { input?: string; variables?: Record<string, string>; isShown?: boolean } = {},
  ): Promise<Run> {
    const { input, variables = {}, isShown = false } = options;
    return new Promise((resolve, reject) => {
      const child = spawn("wrangler", args, {
        cwd: this.#folder,
        env: { ...this.#environment, ...variables },
        stdio: isShown ? "inherit" : "pipe",
      });
      let stdout = "";
      let stderr = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      child.once("error", () => {
        reject(
          new Trouble(
            "wrangler_failed",
            "There is no wrangler.",
            "Run it by `npm run setup`, after `npm ci`.",
          ),
        );
      });
      child.once("close", (status) => resolve({ status, stdout, stderr }));
      // It may have ended without reading.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input ?? "");
    });
  }
}

/** What wrangler writes about itself for other programs, one JSON document a line. */
function targetsIn(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => deploySchema.safeParse(parsed(line)).data?.targets ?? []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LAST_LINES = 12;

function failed(what: string, output: string): Trouble {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const code = what === "deploy" ? "deploy_failed" : "wrangler_failed";
  return new Trouble(
    code,
    `wrangler could not ${what}:\n${lines.slice(-LAST_LINES).join("\n")}`,
    "Put right what it says, and run it again.",
  );
}
