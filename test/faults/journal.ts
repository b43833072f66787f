import { appendFileSync, closeSync, openSync, readSync } from "node:fs";
import type { BotTrouble, GraphTrouble } from "./trouble.ts";

/**
 * What the bot and Graph have seen, as lines of JSON in files outside of any process: written before anything is
 * answered, so that what a process knew survives its `kill -9`.
 */

interface Violation {
  kind: "violation";
  what: string;
}

export type BotLine =
  /** An attempt at a delivery has arrived. */
  | {
      kind: "delivery";
      /** ms */
      at: number;
      /** The `webhook-id`. */
      id: string;
      user: string;
      /** The numbers of its events, as they stand in it. */
      numbers: number[];
      /** The last number that the bot had answered, as its state says. */
      state: number | null;
      trouble: BotTrouble | null;
    }
  /** A good answer has left. */
  | { kind: "answered"; id: string }
  | Violation;

export type GraphLine =
  /** The user has seen this message. */
  | {
      kind: "accepted";
      /** ms */
      at: number;
      mid: string;
      user: string;
      text: string;
      metadata: string;
      trouble: GraphTrouble | null;
    }
  /** An attempt to send that did not reach the user. */
  | { kind: "refused"; user: string; text: string; trouble: GraphTrouble }
  /** The answer that a message was accepted has left. */
  | { kind: "answered"; at: number; mid: string }
  | Violation;

export const write = <Line extends BotLine | GraphLine>(path: string, line: Line): void =>
  appendFileSync(path, `${JSON.stringify(line)}\n`);

/** Reads a journal while it is being written. */
export class Reader<Line extends BotLine | GraphLine> {
  #file: number | undefined;
  readonly #chunk = Buffer.alloc(64 * 1024);
  #rest = Buffer.alloc(0);
  readonly #lines: Line[] = [];

  /** @param path made if it isn't there */
  constructor(path: string) {
    this.#file = openSync(path, "a+");
  }

  /** Everything that has been written so far. */
  lines(): readonly Line[] {
    for (let size = this.#read(); size > 0; size = this.#read()) {
      this.#rest = Buffer.concat([this.#rest, this.#chunk.subarray(0, size)]);
      const end = this.#rest.lastIndexOf("\n");
      if (end === -1) continue;
      const text = this.#rest.subarray(0, end).toString();
      this.#rest = this.#rest.subarray(end + 1);
      for (const line of text.split("\n")) this.#lines.push(JSON.parse(line));
    }
    return this.#lines;
  }

  /** What was read stays. */
  close(): void {
    this.lines();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(): number {
    if (this.#file === undefined) return 0;
    return readSync(this.#file, this.#chunk, 0, this.#chunk.length, null);
  }
}
