import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Trouble } from "../terminal/trouble.ts";

/** The file's text; `undefined` if there is none. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/**
 * Writes a file as a whole or not at all: whoever is killed meanwhile leaves the old one.
 * @param mode readable by its owner alone, unless told otherwise
 */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  // What a link points to is replaced, not the link.
  const target = existsSync(path) ? realpathSync(path) : path;
  const draft = `${target}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode, flag: "wx" });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * A file with secrets must not get into the repository.
 * @throws Trouble if git would take it
 */
export function mustBeIgnored(path: string): void {
  const { status } = spawnSync("git", ["check-ignore", "--quiet", basename(path)], {
    cwd: dirname(path),
    stdio: "ignore",
  });
  // 0: ignored; 128: no repository; null: no git.
  if (status !== 1) return;
  const name = basename(path);
  throw new Trouble(
    "not_ignored",
    `git would take ${name}, which holds secrets.`,
    `Add ${name} to .gitignore, and run it again.`,
  );
}
