import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { parse } from "smol-toml";
import { WORKERS, type WorkerName } from "./bundle.ts";

/** The runtime's own binary: no wrangler in between. */
export const WORKERD: string = createRequire(import.meta.url)("workerd").default;

export interface Served {
  worker: WorkerName;
  host: string;
  port: number;
  /** Where the Durable Objects' SQLite files live; made by the caller. */
  stateDir: string;
  /** Names of the environment's variables that become bindings. Their values stay out of the configuration. */
  variables: readonly string[];
}

interface WranglerToml {
  compatibility_date: string;
  compatibility_flags?: string[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
}

/**
 * Writes the configuration under which bare workerd serves a bundle like Cloudflare would: the same compatibility date,
 * flags and objects as in the Worker's wrangler.toml.
 * @returns its path, for `workerd serve`
 */
export function writeWorkerdConfig(served: Served): string {
  const path = join(served.stateDir, "workerd.capnp");
  writeFileSync(path, configText(served));
  return path;
}

function configText({ worker, host, port, stateDir, variables }: Served): string {
  // Cap'n Proto resolves what it embeds from the configuration's own folder.
  const embedded = (file: string) => `embed ${text(relative(stateDir, join(WORKERS[worker].out, file)))}`;
  const texts = readdirSync(WORKERS[worker].out).filter((file) => TEXT_MODULE.test(file));
  const toml = parse(readFileSync(WORKERS[worker].config, "utf8")) as unknown as WranglerToml;
  const objects = toml.durable_objects.bindings;
  const list = (items: string[]) => (items.length === 0 ? "[]" : `[\n    ${items.join(",\n    ")},\n  ]`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "${worker}", worker = .served),
    (name = "internet", network = (allow = ["private", "public"], tlsOptions = (trustBrowserCas = true))),
    (name = "state", disk = (path = ${text(stateDir)}, writable = true)),
  ],
  sockets = [(name = "http", address = ${text(`${host}:${port}`)}, http = (), service = "${worker}")],
);

const served :Workerd.Worker = (
  modules = ${list([
    `(name = "index.js", esModule = ${embedded("index.js")})`,
    ...texts.map((file) => `(name = ${text(file)}, text = ${embedded(file)})`),
  ])},
  compatibilityDate = ${text(toml.compatibility_date)},
  compatibilityFlags = ${list((toml.compatibility_flags ?? []).map(text))},
  durableObjectNamespaces = ${list(objects.map((one) => `(className = ${text(one.class_name)}, uniqueKey = ${text(`messengate-${one.class_name}`)}, enableSql = true)`))},
  durableObjectStorage = (localDisk = "state"),
  bindings = ${list([
    ...objects.map((one) => `(name = ${text(one.name)}, durableObjectNamespace = ${text(one.class_name)})`),
    ...variables.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
  ])},
  globalOutbound = "internet",
);
`;
}

const text = (value: string): string => JSON.stringify(value);

/** What wrangler puts beside the bundle as text: the rules of src/simulator/wrangler.toml. */
const TEXT_MODULE = /\.(html|css|client\.js)$/;

/** The gateway's settings (docs/deploying.md); page tokens may also have one variable each. */
const SETTINGS = [
  "META_APP_SECRET",
  "META_APP_ID",
  "META_VERIFY_TOKEN",
  "META_APPS",
  "PAGE_ACCESS_TOKENS",
  "BOT_SIGNING_SECRET",
  "API_KEYS",
  "SEALING_KEY",
  "BOT_URL",
  "BOT_PROTOCOL",
  "BOT_TOKEN",
  "BOT_MODEL",
  "BOT_PROMPT",
  "BOT_APP_SECRET",
  "BOT_EVENTS",
  "BOT_TIMEOUT_MS",
  "GRAPH_URL",
  "GRAPH_VERSION",
  "FACEBOOK_URL",
  "RETENTION_DAYS",
  "PAGE_SETTINGS",
  "WEBHOOK_MAX_BYTES",
  "PUBLIC_URL",
];

/** Settings that there is one of for each page or bot. */
const NAMED = ["PAGE_ACCESS_TOKEN_", "BOT_TOKEN_", "BOT_SIGNING_SECRET_"];

/** Those of the gateway's settings that are set in an environment. */
export const settingsIn = (environment: NodeJS.ProcessEnv): string[] =>
  Object.keys(environment).filter(
    (name) => SETTINGS.includes(name) || NAMED.some((prefix) => name.startsWith(prefix)),
  );
