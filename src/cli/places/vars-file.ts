import { parseEnv } from "node:util";
import { Trouble } from "../terminal/trouble.ts";

/**
 * The text of a `.dev.vars`: read as wrangler reads it, and changed without touching what isn't meant. Comments, order and
 * lines nobody asked about stay. Pure.
 */

/** An assignment with its value, as dotenv has them: `NAME=value`, quoted or not, over several lines if quoted. */
const ASSIGNMENT =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)/gm;

/** What the file sets; empty values are none. */
export function varsIn(text: string): Map<string, string> {
  const entries = Object.entries(parseEnv(text)).flatMap(([name, value]): [string, string][] =>
    value === undefined || value.trim() === "" ? [] : [[name, value]],
  );
  return new Map(entries);
}

/**
 * @param changes what is to be set; `null` takes a line away
 * @returns the new text
 * @throws Trouble for a value that can't be written
 */
export function withVars(text: string, changes: ReadonlyMap<string, string | null>): string {
  const open = new Map(changes);
  const changed = text.replaceAll(ASSIGNMENT, (line: string, name: string, written: string) => {
    const value = changes.get(name);
    if (value === undefined) return line;
    open.delete(name);
    if (value === null) return GONE;
    // A comment behind an unquoted value keeps its distance.
    const gap = /^['"`]/.test(written) ? "" : (/\s*$/.exec(written)?.[0] ?? "");
    return `${line.slice(0, line.length - written.length)}${quoted(name, value)}${gap}`;
  });
  const kept = changed
    .split("\n")
    .filter((line) => !line.includes(GONE))
    .join("\n");
  const added = [...open].flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${quoted(name, value)}`],
  );
  if (added.length === 0) return kept;
  const start = kept === "" || kept.endsWith("\n") ? kept : `${kept}\n`;
  return `${start}${added.join("\n")}\n`;
}

/** Marks a line that goes; no file of texts holds it. */
const GONE = "\u0000";

/** In quotes that change nothing in between. */
function quoted(name: string, value: string): string {
  const quote = ["'", "`"].find((one) => !value.includes(one));
  if (quote !== undefined && !/[\r\n\\]/.test(value)) return `${quote}${value}${quote}`;
  throw new Trouble(
    "setting_malformed",
    `${name} has characters that .dev.vars can't hold.`,
    "Give it without line breaks, backslashes and both kinds of quotes.",
  );
}
