import { isAllowedUrl } from "./env-formats.ts";

export interface ConfigProblem {
  name: string;
  problem: string;
  how: string;
}

/** Reads bindings one by one, and notes what is wrong with them: by name and remedy, never by value. */
export class BindingReader {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Record<string, unknown>;

  constructor(env: Record<string, unknown>) {
    this.#env = env;
  }

  missing(name: string, how: string): void {
    this.problems.push({ name, problem: "is not set", how });
  }

  malformed(name: string, problem: string, how: string): void {
    this.problems.push({ name, problem, how });
  }

  /** `undefined` for what is empty, too. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  }

  /** Bindings whose names begin so, by the rest of their names. */
  textsNamed(prefix: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const name of Object.keys(this.#env)) {
      const value = name.startsWith(prefix) ? this.text(name) : undefined;
      if (value !== undefined) found.set(name.slice(prefix.length), value);
    }
    return found;
  }

  secret(name: string, what: string): string {
    const value = this.text(name);
    if (value === undefined) this.missing(name, `set it with \`wrangler secret put ${name}\`: ${what}`);
    return value ?? "";
  }

  url(name: string, fallback: string | undefined, what: string): string {
    const value = this.text(name) ?? fallback;
    if (value === undefined) {
      this.missing(name, `set it under [vars] in wrangler.toml: ${what}`);
      return "";
    }
    if (!isAllowedUrl(value)) {
      this.malformed(name, "is not an https URL of a public host", "plain http is for loopback only");
    }
    return value;
  }

  whole(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    this.malformed(name, "is out of range", `give a whole number from ${min} to ${max}`);
    return fallback;
  }

  /** Several keys in one setting, the newest first, while they rotate. */
  keys(
    name: string,
    list: string[],
    decode: (one: string) => Uint8Array<ArrayBuffer> | undefined,
    how: string,
  ): Uint8Array<ArrayBuffer>[] {
    const decoded: Uint8Array<ArrayBuffer>[] = [];
    for (const one of list) {
      if (one.trim() === "") continue;
      const key = decode(one.trim());
      if (key) decoded.push(key);
      else this.malformed(name, "is malformed", how);
    }
    return decoded;
  }
}
