import { resolve } from "node:path";
import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";
import { readIfThere } from "./private-file.ts";

/** `messengate.config.json`: how pages are served, as code (docs/setup.md). */
export interface ConfigFile {
  /**
   * `PAGE_SETTINGS` for the gateway: all but the profiles, which stand at Meta and needn't fit into a variable.
   * `undefined`: it says nothing beside profiles.
   */
  pageSettings: string | undefined;
  /** Pages that are named in it. */
  pages: string[];
  /** A page's Messenger profile as it should be, its own or the default; `undefined`: it isn't this file's matter. */
  profileOf(page: string): Record<string, unknown> | undefined;
}

const CONFIG_NAME = "messengate.config.json";

/** Cloudflare's limit for a variable is 5 KB. */
const MAX_BYTES = 5000;

const object = z.record(z.string(), z.unknown());
const fileSchema = z.strictObject({
  $schema: z.optional(z.string()),
  default: z.optional(object),
  pages: z.optional(z.record(z.string().check(z.regex(/^\d{1,32}$/, "a page's id")), object)),
});

/**
 * @param path within the folder; without one, the usual name, where the file may be missing
 * @throws Trouble if it isn't what the gateway would take
 */
export async function readConfigFile(
  folder: string,
  path: string | undefined,
): Promise<ConfigFile | undefined> {
  const name = path ?? CONFIG_NAME;
  const text = readIfThere(resolve(folder, name));
  if (text === undefined) {
    if (path === undefined) return undefined;
    throw new Trouble("config_malformed", `There is no ${path}.`, "Give the path of the configuration file.");
  }
  const malformed = (what: string) =>
    new Trouble(
      "config_malformed",
      `${name} is malformed: ${what}`,
      "Its schema is messengate.config.schema.json; docs/setup.md explains it.",
    );
  const parsed = fileSchema.safeParse(jsonIn(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it is not JSON"}`);
  }
  const { default: common = {}, pages = {} } = parsed.data;
  const problem = await problemIn(JSON.stringify({ default: common, ...pages }));
  if (problem !== undefined) throw malformed(problem);
  const settings = Object.entries({ default: common, ...pages }).flatMap(
    ([page, { profile: _, ...others }]) => (Object.keys(others).length === 0 ? [] : [[page, others]]),
  );
  const pageSettings = settings.length === 0 ? undefined : JSON.stringify(Object.fromEntries(settings));
  if (pageSettings !== undefined && Buffer.byteLength(pageSettings) > MAX_BYTES) {
    throw malformed(`without profiles it has more than ${MAX_BYTES} bytes, which a variable can't hold`);
  }
  return {
    pageSettings,
    pages: Object.keys(pages),
    // `null` is a page's own word, too.
    profileOf: (page) => object.safeParse({ ...common, ...pages[page] }["profile"]).data,
  };
}

/** The gateway's own reader, so that what passes here passes there. */
async function problemIn(text: string): Promise<string | undefined> {
  // Its types lead into the Worker's, which this side doesn't have.
  const settings: { parsePageSettings(text: string): { malformed?: string } } = await import(
    new URL("../../pages/settings.ts", import.meta.url).href
  );
  return settings.parsePageSettings(text).malformed;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
