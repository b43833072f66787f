import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "smol-toml";
import { WORKERS } from "../scripts/bundle.ts";
import { settingsIn, writeWorkerdConfig } from "../scripts/workerd.ts";
import { APP_SECRET, PAGE } from "./events.ts";
import { startWorkerd } from "./processes.ts";
import { Server } from "./server.ts";
import type { StandIn } from "./stand-in.ts";

interface Place {
  /** An empty folder's path, for its data; made here. */
  stateDir: string;
  inspect?: boolean;
}

/**
 * Serves the gateway's bundle on bare workerd.
 * @param botEvents `BOT_EVENTS`: which event types go to the bot
 */
export async function startGateway(place: Place, standIn: StandIn, botEvents: string): Promise<Server> {
  return serve(place, { ...settings(standIn), BOT_EVENTS: botEvents }, settingsIn, (config) => config);
}

/**
 * Serves the same bundle with a meter on it (metered-worker.js), for bots as slow as the gateway allows.
 * @param objectAwaits whether the object itself awaits the bot
 */
export async function startMetered(place: Place, standIn: StandIn, objectAwaits: boolean): Promise<Server> {
  const env = {
    ...settings(standIn),
    BOT_TIMEOUT_MS: "25000",
    ...(objectAwaits ? { OBJECT_AWAITS: "yes" } : {}),
  };
  const metered = JSON.stringify(relative(place.stateDir, join(import.meta.dirname, "metered-worker.js")));
  const main = '(name = "index.js", esModule = embed ';
  return serve(place, env, Object.keys, (config) =>
    config.replace(main, `${main}${metered}),\n    (name = "gateway.js", esModule = embed `),
  );
}

const settings = ({ botUrl, graphUrl }: StandIn) => ({
  META_APP_SECRET: APP_SECRET,
  META_VERIFY_TOKEN: "bench-verify-token",
  PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: "bench-page-token" }),
  BOT_SIGNING_SECRET: `whsec_${Buffer.alloc(32, "bench").toString("base64")}`,
  BOT_URL: botUrl,
  GRAPH_URL: graphUrl,
});

async function serve(
  { stateDir, inspect = false }: Place,
  env: Record<string, string>,
  variablesIn: (env: Record<string, string>) => string[],
  edit: (config: string) => string,
): Promise<Server> {
  mkdirSync(stateDir, { recursive: true });
  const config = writeWorkerdConfig({
    worker: "gateway",
    host: "127.0.0.1",
    port: 0,
    stateDir,
    variables: variablesIn(env),
  });
  writeFileSync(config, edit(readFileSync(config, "utf8")));
  return new Server(await startWorkerd(config, env, { inspect }), stateDir);
}

/**
 * Serves the floor (bare-worker.js) the same way: the same runtime, dates, kind of storage and number of processes.
 * @param standIn the bot and the Send API, for whole exchanges
 */
export async function startBare({ stateDir, inspect = false }: Place, standIn?: StandIn): Promise<Server> {
  mkdirSync(stateDir, { recursive: true });
  const config = join(stateDir, "workerd.capnp");
  const env = {
    META_APP_SECRET: APP_SECRET,
    ...(standIn ? { BOT_URL: standIn.botUrl, GRAPH_URL: standIn.graphUrl } : {}),
  };
  writeFileSync(config, bareConfig(stateDir, Object.keys(env)));
  return new Server(await startWorkerd(config, env, { inspect }), stateDir);
}

function bareConfig(stateDir: string, variables: readonly string[]): string {
  const { compatibility_date } = parse(readFileSync(WORKERS.gateway.config, "utf8"));
  const module = relative(stateDir, join(import.meta.dirname, "bare-worker.js"));
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bare", worker = .bare),
    (name = "state", disk = (path = ${JSON.stringify(stateDir)}, writable = true)),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "bare")],
);

const bare :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed ${JSON.stringify(module)})],
  compatibilityDate = ${JSON.stringify(compatibility_date)},
  durableObjectNamespaces = [(className = "Log", uniqueKey = "bare-Log", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
  globalOutbound = "internet",
  bindings = [
    (name = "LOG", durableObjectNamespace = "Log"),
    ${variables.map((name) => `(name = "${name}", fromEnvironment = "${name}"),`).join("\n    ")}
  ],
);
`;
}
