import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";

/**
 * The variables in wrangler.toml, where `npm run deploy` finds them: read, and changed line by line so that comments
 * and everything else stay. Pure.
 */

const tableSchema = z.record(z.string(), z.unknown());

/** `[vars]` of the top level, which is production, or of an environment. */
export type TomlPlace = "production" | "staging";

const pathOf = (place: TomlPlace): string[] => (place === "production" ? ["vars"] : ["env", place, "vars"]);

/** What is set; empty values are none. */
export function tomlVars(text: string, place: TomlPlace): Map<string, string> {
  const entries = Object.entries(tableAt(parse(text), pathOf(place)) ?? {});
  return new Map(
    entries.flatMap(([name, value]): [string, string][] =>
      typeof value === "string" && value.trim() !== "" ? [[name, value]] : [],
    ),
  );
}

/** Whether wrangler.toml has such an environment. */
export const hasPlace = (text: string, place: TomlPlace): boolean =>
  place === "production" || tableAt(parse(text), ["env", place]) !== undefined;

/** The Worker's name. */
export function workerName(text: string, place: TomlPlace): string {
  const toml = parse(text);
  const own = place === "production" ? undefined : tableAt(toml, ["env", place])?.["name"];
  const { name } = toml;
  if (typeof own === "string") return own;
  return place === "production" ? String(name) : `${String(name)}-${place}`;
}

/**
 * @returns the new text, which differs in these variables alone
 * @throws Trouble if the file is written in a way that can't be changed safely
 */
export function withTomlVars(text: string, place: TomlPlace, changes: ReadonlyMap<string, string>): string {
  const path = pathOf(place);
  let changed = text;
  for (const [name, value] of changes) changed = withOne(changed, path.join("."), name, value);
  if (isAsMeant(text, changed, path, changes)) return changed;
  const how = `Set ${[...changes.keys()].join(", ")} under [${path.join(".")}] by hand, one per line.`;
  throw new Trouble("setting_malformed", "wrangler.toml is written in a way that setup can't change.", how);
}

const ANY_VALUE = `(?:"""[\\s\\S]*?"""|'''[\\s\\S]*?'''|"(?:\\\\.|[^"\\\\\\n])*"|'[^'\\n]*')`;

function withOne(text: string, table: string, name: string, value: string): string {
  const assignment = `${name} = ${tomlString(value)}`;
  const header = new RegExp(`^\\[${table.replaceAll(".", "\\.")}\\][^\\n]*$`, "m").exec(text);
  if (!header) return `${text.replace(/\n*$/, "\n")}\n[${table}]\n${assignment}\n`;
  const start = header.index + header[0].length;
  const next = /^\[/m.exec(text.slice(start));
  const end = next ? start + next.index : text.length;
  const body = text.slice(start, end);
  const old = new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*${ANY_VALUE}`, "m");
  const newBody = old.test(body) ? body.replace(old, () => assignment) : withLine(body, assignment);
  return text.slice(0, start) + newBody + text.slice(end);
}

const ANY_ASSIGNMENT = new RegExp(`^[ \\t]*[\\w-]+[ \\t]*=[ \\t]*(?:${ANY_VALUE}|)[^\\n]*`, "gm");

/** Behind the last one: what follows may be a comment on the next table. */
function withLine(body: string, assignment: string): string {
  const last = [...body.matchAll(ANY_ASSIGNMENT)].at(-1);
  const end = last ? last.index + last[0].length : 0;
  return `${body.slice(0, end)}\n${assignment}${body.slice(end) === "" ? "\n" : body.slice(end)}`;
}

/** As it stands if quotes allow it, so that JSON stays readable. */
const tomlString = (value: string): string =>
  /^[^'\p{Cc}]*"[^'\p{Cc}]*$/u.test(value) ? `'${value}'` : JSON.stringify(value);

function isAsMeant(
  before: string,
  after: string,
  path: readonly string[],
  changes: ReadonlyMap<string, string>,
): boolean {
  try {
    const wanted: Record<string, unknown> = parse(before);
    let table = wanted;
    for (const key of path) {
      const inner = tableSchema.safeParse(table[key] ?? {});
      if (!inner.success) return false;
      table[key] = inner.data;
      table = inner.data;
    }
    Object.assign(table, Object.fromEntries(changes));
    return isDeepStrictEqual(plain(parse(after)), plain(wanted));
  } catch {
    return false;
  }
}

/** The parser's objects have no prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function tableAt(toml: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  let value = toml;
  for (const key of path) value = tableSchema.safeParse(value).data?.[key];
  return tableSchema.safeParse(value).data;
}
