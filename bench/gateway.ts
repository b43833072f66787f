import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "smol-toml";
import { WORKERS } from "../scripts/bundle.ts";
import { settingsIn, writeWorkerdConfig } from "../scripts/workerd.ts";
import { APP_SECRET, PAGE } from "./events.ts";
import { startWorkerd, type Workerd } from "./processes.ts";
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
export async function startGateway(
  { stateDir, inspect = false }: Place,
  standIn: StandIn,
  botEvents: string,
): Promise<Server> {
  mkdirSync(stateDir, { recursive: true });
  const env = {
    META_APP_SECRET: APP_SECRET,
    META_VERIFY_TOKEN: "bench-verify-token",
    PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: "bench-page-token" }),
    BOT_SIGNING_SECRET: `whsec_${Buffer.alloc(32, "bench").toString("base64")}`,
    BOT_URL: standIn.botUrl,
    BOT_EVENTS: botEvents,
    GRAPH_URL: standIn.graphUrl,
  };
  const config = writeWorkerdConfig({
    worker: "gateway",
    host: "127.0.0.1",
    port: 0,
    stateDir,
    variables: settingsIn(env),
  });
  return new Server(await startWorkerd(config, env, { inspect }), stateDir);
}

/** Serves the floor (bare-worker.js) the same way: the same runtime, dates, kind of storage and number of processes. */
export async function startBare({ stateDir, inspect = false }: Place): Promise<Server> {
  mkdirSync(stateDir, { recursive: true });
  const config = join(stateDir, "workerd.capnp");
  writeFileSync(config, bareConfig(stateDir));
  const workerd: Workerd = await startWorkerd(config, { META_APP_SECRET: APP_SECRET }, { inspect });
  return new Server(workerd, stateDir);
}

function bareConfig(stateDir: string): string {
  const { compatibility_date } = parse(readFileSync(WORKERS.gateway.config, "utf8"));
  const module = relative(stateDir, join(import.meta.dirname, "bare-worker.js"));
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bare", worker = .bare),
    (name = "state", disk = (path = ${JSON.stringify(stateDir)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "bare")],
);

const bare :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed ${JSON.stringify(module)})],
  compatibilityDate = ${JSON.stringify(compatibility_date)},
  durableObjectNamespaces = [(className = "Log", uniqueKey = "bare-Log", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
  bindings = [
    (name = "LOG", durableObjectNamespace = "Log"),
    (name = "META_APP_SECRET", fromEnvironment = "META_APP_SECRET"),
  ],
);
`;
}
