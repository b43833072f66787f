import { checkBody } from "../../src/messages/check.ts";
import type { Platform } from "../../src/messages/platform.ts";

/** What is wrong with a body, as `path: sentence`; `ok` if nothing is. */
export function verdictOn(input: unknown, platform: Platform = "messenger", split = false): string {
  const checked = checkBody(input, { platform, path: "it", split });
  return checked.ok ? "ok" : `${checked.issue.path}: ${checked.issue.message}`;
}

/** The bodies of one that passes. */
export function bodiesOf(input: unknown, platform: Platform = "messenger", split = false) {
  const checked = checkBody(input, { platform, path: "it", split });
  if (!checked.ok) throw new Error(`${checked.issue.path}: ${checked.issue.message}`);
  return checked.bodies;
}

export const template = (payload: Record<string, unknown>) => ({ attachment: { type: "template", payload } });

export const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);
