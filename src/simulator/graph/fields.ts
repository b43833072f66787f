import type { Parameters } from "./parameters.ts";

/** A field that is asked for, with those asked for inside it: `picture{url}`. */
export interface Field {
  readonly name: string;
  readonly sub: readonly Field[];
}

/** @returns What `fields` asks for, in order; empty if it does not. */
export function askedFields({ fields }: Parameters): readonly Field[] {
  if (Array.isArray(fields)) return fields.map((name) => ({ name: String(name), sub: [] }));
  return typeof fields === "string" ? parsed(fields) : [];
}

/** Splits at the commas that stand in no braces. What stands after a field as `.limit(5)` is not part of its name. */
function parsed(text: string): readonly Field[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const char of text) {
    if (char === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    if (char === "{") depth++;
    if (char === "}") depth--;
    part += char;
  }
  parts.push(part);
  return parts.flatMap((one) => {
    const [, name = "", inner = ""] = /^\s*(\w+)(?:\.[^{]*)?(?:\{(.*)\})?\s*$/s.exec(one) ?? [];
    return name === "" ? [] : [{ name, sub: parsed(inner) }];
  });
}
