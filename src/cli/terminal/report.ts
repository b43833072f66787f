import type { Writable } from "node:stream";
import { styleText } from "node:util";

/** How a step stands: as it should, made so just now, left out, not as it should, not to be told, failed. */
export type Mark = "good" | "done" | "skipped" | "missing" | "unknown" | "failed";

export interface Line {
  step: string;
  mark: Mark;
  text: string;
  /** What to do about it. */
  how?: string;
}

const SIGNS = {
  good: ["green", "✓"],
  done: ["green", "+"],
  skipped: ["dim", "·"],
  missing: ["yellow", "✗"],
  unknown: ["yellow", "?"],
  failed: ["red", "✗"],
} as const satisfies Record<Mark, readonly [Parameters<typeof styleText>[0], string]>;

/** Shorter ones would strike out parts of ordinary words. */
const SHORTEST_SECRET = 6;
const STEP_WIDTH = 13;

/** What a command says, line by line. Secrets it has been told of are struck out of everything, whoever said it. */
export class Report {
  readonly lines: Line[] = [];
  readonly #out: Writable;
  readonly #secrets = new Set<string>();

  /** @param out where people read along */
  constructor(out: Writable) {
    this.#out = out;
  }

  /** These are never to be printed. */
  conceal(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) {
      if (secret !== undefined && secret.length >= SHORTEST_SECRET) this.#secrets.add(secret);
    }
  }

  /** A text without the secrets. */
  clean(text: string): string {
    let clean = text;
    // The longest first: one may hold another.
    for (const secret of [...this.#secrets].sort((one, other) => other.length - one.length)) {
      clean = clean.replaceAll(secret, "•••");
    }
    return clean;
  }

  step(step: string, mark: Mark, text: string, how?: string): void {
    const line: Line = {
      step,
      mark,
      text: this.clean(text),
      ...(how === undefined ? {} : { how: this.clean(how) }),
    };
    this.lines.push(line);
    const [colour, sign] = SIGNS[mark];
    // styleText knows whether the stream shows colours.
    const shown = styleText(colour, sign, { stream: this.#out });
    this.say(`${shown} ${step.padEnd(STEP_WIDTH)} ${line.text}`);
    if (line.how !== undefined) this.say(`${" ".repeat(STEP_WIDTH + 3)}→ ${line.how}`);
  }

  /** A line that is no step. */
  say(text = ""): void {
    this.#out.write(`${this.clean(text)}\n`);
  }
}
