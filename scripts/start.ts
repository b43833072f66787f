import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundle, ROOT } from "./bundle.ts";
import { Household, type PlayedMeta, portsIn, startEchoBot, startSimulator } from "./parts.ts";
import { serveWorker } from "./processes.ts";

/**
 * `npm start`: the whole product on this machine, without an account. The gateway, the simulator in Meta's place and the
 * echo bot, wired together with secrets made for this run alone. PORT, SIMULATOR_PORT and BOT_PORT move them.
 * A process that dies is started again on the same data, as a platform would.
 */
const ports = portsIn(process.env);

const secret = () => randomBytes(24).toString("hex");
const app = { id: "900100200300", secret: secret(), verifyToken: secret() };
const page = { id: "100200300400500", name: "Sample Page", token: `SIM${secret()}` };
const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
/** For trying the HTTP API: as long as this run, and shown in the terminal of whoever started it. */
const apiKey = secret();
const stateDir = join(ROOT, ".state", `start-${ports.gateway}`);
const meta: PlayedMeta = { app, page, webhookUrl: `http://127.0.0.1:${ports.gateway}/webhook` };

const household = new Household((text) => process.stdout.write(text), giveUp);

const startGateway = () =>
  serveWorker("gateway", ports.gateway, join(stateDir, "gateway"), {
    META_APP_SECRET: app.secret,
    META_APP_ID: app.id,
    META_VERIFY_TOKEN: app.verifyToken,
    PAGE_ACCESS_TOKENS: JSON.stringify({ [page.id]: page.token }),
    BOT_SIGNING_SECRET: signingSecret,
    BOT_URL: `http://127.0.0.1:${ports.bot}/`,
    GRAPH_URL: `http://127.0.0.1:${ports.simulator}`,
    API_KEYS: JSON.stringify([{ name: "npm start", key: apiKey, role: "admin" }]),
    ...(process.env["PAGE_SETTINGS"] ? { PAGE_SETTINGS: process.env["PAGE_SETTINGS"] } : {}),
  });

async function end(code: number): Promise<never> {
  await household.end();
  process.exit(code);
}

function giveUp(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  void end(1);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));

try {
  rmSync(stateDir, { recursive: true, force: true });
  bundle("gateway");
  bundle("simulator");
  await household.keep("gateway", startGateway);
  await household.keep("simulator", () => startSimulator(ports.simulator, join(stateDir, "simulator"), meta));
  await household.keep("echo bot", () => startEchoBot(ports.bot, signingSecret));
  console.log(`
  Messengate is running, all on this machine.

    chat as a user      http://127.0.0.1:${ports.simulator}/
    gateway             http://127.0.0.1:${ports.gateway}/healthz
    echo bot            examples/echo-bot/server.mjs, port ${ports.bot}

  Or by hand:

    curl -X POST http://127.0.0.1:${ports.simulator}/_sim/users/7001/messages \\
      -H 'content-type: application/json' -d '{"text":"Hello"}'
    curl http://127.0.0.1:${ports.simulator}/_sim/users/7001/thread
    curl http://127.0.0.1:${ports.gateway}/messages.send -H 'content-type: application/json' \\
      -H 'authorization: Bearer ${apiKey}' \\
      -d '{"user_id":"7001","message":{"text":"Hello from a person"}}'

  Ctrl-C ends it.
`);
} catch (error) {
  giveUp(error);
}
