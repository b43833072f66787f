import { join } from "node:path";
import type { Changes, Place, Written } from "./place.ts";
import { mustBeIgnored, readIfThere, replaceFile } from "./private-file.ts";
import { tomlVars } from "./toml-vars.ts";
import { varsIn, withVars } from "./vars-file.ts";

/** The gateway on this machine: everything stands in `.dev.vars`, over the variables in wrangler.toml. */
export class LocalPlace implements Place {
  readonly title = ".dev.vars";
  readonly #path: string;
  readonly #toml: string;

  constructor(folder: string) {
    this.#path = join(folder, ".dev.vars");
    this.#toml = join(folder, "wrangler.toml");
  }

  known(): Map<string, string> {
    return new Map([...tomlVars(readIfThere(this.#toml) ?? "", "production"), ...this.#vars()]);
  }

  has(name: string): boolean {
    return this.known().has(name);
  }

  names(): string[] {
    return [...this.#vars().keys()];
  }

  write({ secrets, variables }: Changes): Promise<Written> {
    const before = readIfThere(this.#path) ?? START;
    const now = this.#vars();
    const differs = ([name, value]: [string, string | null]) => (now.get(name) ?? null) !== value;
    const changed = { secrets: [...secrets].filter(differs), variables: [...variables].filter(differs) };
    const changes = new Map([...changed.secrets, ...changed.variables]);
    if (changes.size > 0) {
      mustBeIgnored(this.#path);
      replaceFile(this.#path, withVars(before, changes));
    }
    const names = (list: [string, unknown][]) => list.map(([name]) => name);
    return Promise.resolve({ secrets: names(changed.secrets), variables: names(changed.variables) });
  }

  #vars(): Map<string, string> {
    return varsIn(readIfThere(this.#path) ?? "");
  }
}

const START =
  "# Settings of the gateway on this machine, written by `npm run setup -- --local`. Not for the repository.\n";
