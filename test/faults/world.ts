import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, serveWorker } from "../../scripts/processes.ts";
import { PAGE } from "../fixtures/events.ts";
import type { BotOrders } from "./bot-process.ts";
import type { GraphOrders } from "./graph-process.ts";
import { type BotLine, type GraphLine, Reader } from "./journal.ts";
import { Keeper } from "./keeper.ts";
import { Meta } from "./meta.ts";
import type { Chance } from "./seed.ts";
import type { BotTrouble, GraphTrouble, Odds } from "./trouble.ts";

/** A gateway, a bot and Graph, each a process, and Meta, which is this one. */
export interface World {
  meta: Meta;
  bot: Keeper;
  graph: Keeper;
  botJournal: Reader<BotLine>;
  graphJournal: Reader<GraphLine>;
  /** `kill -9`, and started again on the same data. Resolves when it answers. */
  killGateway(): Promise<void>;
  /** When it was killed, ms. */
  kills: number[];
  /** Its data and the journals. Removed at the end, unless FAULT_KEEP is set. */
  folder: string;
  /** What the gateway has logged lately. */
  log(): string;
  end(): Promise<void>;
}

interface Plan {
  seed: number;
  users: string[];
  botOdds: Odds<BotTrouble>;
  graphOdds: Odds<GraphTrouble>;
  echoes: boolean;
  end: AbortSignal;
  /** Called when the bot or Graph break in a way that isn't part of the plan. */
  onBroken: (error: Error) => void;
}

const APP_ID = "900100200300";
/** The gateway gives up on a bot after so many ms, and takes a run for lost after 25 s. */
const BOT_TIMEOUT_MS = 1000;

export async function startWorld(plan: Plan, chance: Chance): Promise<World> {
  const { seed, users, botOdds, graphOdds, echoes, end, onBroken } = plan;
  const folder = mkdtempSync(join(process.env["FAULT_STATE_DIR"] ?? tmpdir(), "messengate-faults-"));
  const stateDir = join(folder, "state");
  mkdirSync(stateDir);
  const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const appSecret = randomBytes(16).toString("hex");
  const token = `EAA${randomBytes(16).toString("hex")}`;
  const journals = { bot: join(folder, "bot.jsonl"), graph: join(folder, "graph.jsonl") };
  const botJournal = new Reader<BotLine>(journals.bot);
  const graphJournal = new Reader<GraphLine>(journals.graph);

  const keep = async (script: string, orders: BotOrders | GraphOrders) =>
    Keeper.start(join(import.meta.dirname, script), await quietPort(chance), orders, onBroken);
  const bot = await keep("bot-process.ts", { seed, journal: journals.bot, signingSecret, odds: botOdds });
  const graph = await keep("graph-process.ts", {
    seed,
    journal: journals.graph,
    page: PAGE,
    token,
    appSecret,
    users,
    echoes,
    odds: graphOdds,
  });
  const port = await quietPort(chance);
  const serve = () =>
    serveWorker("gateway", port, stateDir, {
      META_APP_SECRET: appSecret,
      META_APP_ID: APP_ID,
      META_VERIFY_TOKEN: "verify-token-of-this-world",
      PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: token }),
      BOT_SIGNING_SECRET: signingSecret,
      BOT_URL: `${bot.url}/hook`,
      BOT_TIMEOUT_MS: String(BOT_TIMEOUT_MS),
      GRAPH_URL: graph.url,
    });

  let gateway: Running | undefined;
  let restart = Promise.resolve();
  const kills: number[] = [];
  const world: World = {
    meta: new Meta({ url: `http://127.0.0.1:${port}`, appSecret, appId: APP_ID, seed, end }),
    bot,
    graph,
    botJournal,
    graphJournal,
    kills,
    folder,
    killGateway() {
      kills.push(Date.now());
      restart = (async () => {
        await gateway?.end("SIGKILL");
        gateway = await serve();
      })();
      return restart;
    },
    log: () => gateway?.output() ?? "",
    async end() {
      await restart.catch(() => {});
      await Promise.all([gateway?.end("SIGKILL"), bot.end(), graph.end()]);
      botJournal.close();
      graphJournal.close();
      if (process.env["FAULT_KEEP"] === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    gateway = await serve();
  } catch (error) {
    await world.end();
    throw error;
  }
  return world;
}

/**
 * A free port below those the system gives to outgoing connections: nothing takes it while the process that listens on
 * it is dead.
 */
async function quietPort(chance: Chance): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = chance.whole(12_000, 31_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error("no free port");
}
