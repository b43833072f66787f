import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Running, serveWorker } from "../../../scripts/processes.ts";
import { PAGE } from "../../fixtures/events.ts";
import { signature } from "../../support/webhook.ts";
import { type BotStandIn, botStandIn, type GraphStandIn, graphStandIn } from "./stand-ins.ts";

const APP_SECRET = "app-secret-of-this-world";

/** A gateway as a process (the shipped bundle on bare workerd) with a bot and a Graph of its own. */
export interface World {
  bot: BotStandIn;
  graph: GraphStandIn;
  gateway: Running;
  /** Posts a signed webhook. */
  post(body: unknown): Promise<Response>;
  /** What the user has been sent, in order. */
  textsTo(user: string): string[];
  /** Ends the gateway without warning and starts it again on the same data. */
  crash(): Promise<void>;
  end(): Promise<void>;
}

export async function startWorld(settings: Record<string, string> = {}): Promise<World> {
  const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const bot = botStandIn(signingSecret);
  const graph = graphStandIn();
  await Promise.all([bot.up(), graph.up()]);
  const port = await freePort();
  const stateDir = mkdtempSync(join(tmpdir(), "messengate-test-"));
  const serve = () =>
    serveWorker("gateway", port, stateDir, {
      META_APP_SECRET: APP_SECRET,
      META_VERIFY_TOKEN: "verify-token-of-this-world",
      PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: "page-token-of-this-world" }),
      BOT_SIGNING_SECRET: signingSecret,
      BOT_URL: `${bot.url}/hook`,
      GRAPH_URL: graph.url,
      ...settings,
    });

  const world: World = {
    bot,
    graph,
    gateway: await serve(),
    async post(body) {
      const text = JSON.stringify(body);
      return fetch(`${world.gateway.url}/webhook`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-hub-signature-256": await signature(text, APP_SECRET),
        },
        body: text,
      });
    },
    textsTo: (user) =>
      graph.requests.flatMap(({ recipient, message }) =>
        recipient === user && message?.text ? [message.text] : [],
      ),
    async crash() {
      await world.gateway.end("SIGKILL");
      world.gateway = await serve();
    },
    async end() {
      await world.gateway.end("SIGKILL");
      await Promise.all([bot.down(), graph.down()]);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  return world;
}
