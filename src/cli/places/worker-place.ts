import { join } from "node:path";
import { Trouble } from "../terminal/trouble.ts";
import type { Changes, Place, Written } from "./place.ts";
import { readIfThere, replaceFile } from "./private-file.ts";
import type { SetupRecord } from "./record.ts";
import { type TomlPlace, tomlVars, withTomlVars, workerName } from "./toml-vars.ts";
import type { Wrangler } from "./wrangler.ts";

/**
 * A Worker at Cloudflare: variables stand in wrangler.toml, so that every later deployment has them, and secrets at
 * Cloudflare, from where they can't be read back.
 */
export class WorkerPlace implements Place {
  readonly title: string;
  readonly #toml: string;
  readonly #place: TomlPlace;
  readonly #wrangler: Wrangler;
  readonly #record: SetupRecord;
  readonly #secrets: Set<string>;

  private constructor(
    folder: string,
    place: TomlPlace,
    wrangler: Wrangler,
    record: SetupRecord,
    secrets: string[],
  ) {
    this.#toml = join(folder, "wrangler.toml");
    this.#place = place;
    this.#wrangler = wrangler;
    this.#record = record;
    this.#secrets = new Set(secrets);
    this.title = workerName(this.#text(), place);
  }

  /** Asks Cloudflare which secrets there are. */
  static async at(
    folder: string,
    place: TomlPlace,
    wrangler: Wrangler,
    record: SetupRecord,
  ): Promise<WorkerPlace> {
    return new WorkerPlace(folder, place, wrangler, record, await wrangler.secrets());
  }

  known(): Map<string, string> {
    return new Map([...tomlVars(this.#text(), this.#place), ...Object.entries(this.#record.contents.kept)]);
  }

  has(name: string): boolean {
    return this.#secrets.has(name) || tomlVars(this.#text(), this.#place).has(name);
  }

  names(): string[] {
    return [...this.#secrets];
  }

  async write({ secrets, made, variables }: Changes): Promise<Written> {
    const isOld = ([name, value]: [string, string | null]): boolean =>
      value === null ? !this.#secrets.has(name) : this.#isUploaded(name, value);
    const open = [...secrets].filter((one) => !isOld(one));
    const toml = tomlVars(this.#text(), this.#place);
    const different = [...variables].filter(([name, value]) => toml.get(name) !== value);
    // Kept before they are sent: whoever is interrupted in between sends the same ones again.
    this.#keep(open.filter(([name]) => made.includes(name)));
    if (different.length > 0) {
      replaceFile(this.#toml, withTomlVars(this.#text(), this.#place, new Map(different)), 0o644);
    }
    if (open.length > 0) {
      await this.#wrangler.putSecrets(Object.fromEntries(open));
      this.#noteUploaded(open);
    }
    return { secrets: open.map(([name]) => name), variables: different.map(([name]) => name) };
  }

  #isUploaded(name: string, value: string): boolean {
    return this.#secrets.has(name) && this.#record.contents.uploaded[name] === this.#record.digest(value);
  }

  #keep(secrets: readonly [string, string | null][]): void {
    if (secrets.length === 0) return;
    this.#record.change({ kept: merged(this.#record.contents.kept, secrets) });
  }

  #noteUploaded(secrets: readonly [string, string | null][]): void {
    const digests = secrets.map(([name, value]): [string, string | null] => [
      name,
      value === null ? null : this.#record.digest(value),
    ]);
    const kept = merged(
      this.#record.contents.kept,
      secrets.filter(([, value]) => value === null),
    );
    this.#record.change({ kept, uploaded: merged(this.#record.contents.uploaded, digests) });
    for (const [name, value] of secrets) {
      if (value === null) this.#secrets.delete(name);
      else this.#secrets.add(name);
    }
  }

  #text(): string {
    const text = readIfThere(this.#toml);
    if (text !== undefined) return text;
    throw new Trouble(
      "setting_malformed",
      "There is no wrangler.toml here.",
      "Run it in Messengate's folder.",
    );
  }
}

function merged(
  record: Readonly<Record<string, string>>,
  changes: readonly [string, string | null][],
): Record<string, string> {
  const all = new Map([...Object.entries(record), ...changes]);
  return Object.fromEntries([...all].flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
