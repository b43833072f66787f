import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import type { PlaceName } from "../terminal/flags.ts";
import { Trouble } from "../terminal/trouble.ts";
import { readIfThere, replaceFile } from "./private-file.ts";

/**
 * What setup remembers of a place between runs, in `.messengate/<place>.json`: readable by its owner alone, and not for
 * the repository. Cloudflare gives no secret back, so those that setup made are kept here: the bot needs one, rotation
 * needs the old ones. What Meta gives — the app's secret, tokens — isn't kept; of that, a keyed digest tells whether it is
 * what was uploaded last.
 */
const recordSchema = z.object({
  version: z.literal(1),
  /** Keys the digests. */
  salt: z.string(),
  /** Secrets that setup made, by name. Empty for the local place: `.dev.vars` has them. */
  kept: z.record(z.string(), z.string()),
  /** Digests of what the Worker has, by name. */
  uploaded: z.record(z.string(), z.string()),
  /** What was deployed last, and where it answers. */
  deployed: z.nullable(z.object({ sources: z.string(), url: z.string() })),
  /** The webhook subscription that setup made, and where the app's webhooks went before. */
  webhook: z.nullable(
    z.object({ app: z.string(), callback_url: z.string(), before: z.nullable(z.string()) }),
  ),
  /** Pages that setup subscribed. */
  pages: z.array(z.string()),
  /** Fields that Meta didn't let the app have; not asked for again. */
  refused: z._default(z.array(z.string()), []),
  /** Since when an old value is accepted beside the new one, by name. */
  rotating: z.record(z.string(), z.string()),
});
type Contents = z.infer<typeof recordSchema>;

const FOLDER = ".messengate";

export class SetupRecord {
  readonly path: string;
  readonly #folder: string;
  #contents: Contents;

  /** @throws Trouble if what is there can't be read */
  constructor(folder: string, place: PlaceName) {
    this.#folder = join(folder, FOLDER);
    this.path = join(this.#folder, `${place}.json`);
    this.#contents = contentsIn(this.path);
  }

  get contents(): Readonly<Contents> {
    return this.#contents;
  }

  /** Takes a change in, and writes it before it returns. */
  change(change: Partial<Omit<Contents, "version" | "salt">>): void {
    this.#contents = { ...this.#contents, ...change };
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const ignore = join(this.#folder, ".gitignore");
    if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
    replaceFile(this.path, `${JSON.stringify(this.#contents, null, 2)}\n`);
  }

  /** Tells values apart without holding them. */
  digest(value: string): string {
    return createHmac("sha256", this.#contents.salt).update(value).digest("hex");
  }

  /** Nothing is left to remember. */
  forget(): void {
    rmSync(this.path, { force: true });
  }
}

function contentsIn(path: string): Contents {
  const text = readIfThere(path);
  if (text === undefined) {
    const salt = randomBytes(32).toString("hex");
    return {
      version: 1,
      salt,
      kept: {},
      uploaded: {},
      deployed: null,
      webhook: null,
      pages: [],
      refused: [],
      rotating: {},
    };
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    throw new Trouble(
      "setting_malformed",
      `${path} can't be read.`,
      "Move it away: what it remembers is then found again or asked for.",
    );
  }
}
