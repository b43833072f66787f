import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundle, ROOT } from "./bundle.ts";
import { type Running, serveWorker, start } from "./processes.ts";

/**
 * `npm start`: the whole product on this machine, without an account. The gateway, the simulator in Meta's place and the
 * echo bot, wired together with secrets made for this run alone. PORT, SIMULATOR_PORT and BOT_PORT move them.
 * A process that dies is started again on the same data, as a platform would.
 */
const port = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new Error(`${name} is not a port`);
};
const gatewayPort = port("PORT", 8787);
const simulatorPort = port("SIMULATOR_PORT", 8788);
const botPort = port("BOT_PORT", 8789);

const secret = () => randomBytes(24).toString("hex");
const app = { id: "900100200300", secret: secret(), verifyToken: secret() };
const page = { id: "100200300400500", name: "Sample Page", token: `SIM${secret()}` };
const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
/** For trying the HTTP API: as long as this run, and shown in the terminal of whoever started it. */
const apiKey = secret();
const stateDir = join(ROOT, ".state", `start-${gatewayPort}`);

const PARTS: Record<string, () => Promise<Running>> = {
  gateway: () =>
    serveWorker("gateway", gatewayPort, join(stateDir, "gateway"), {
      META_APP_SECRET: app.secret,
      META_APP_ID: app.id,
      META_VERIFY_TOKEN: app.verifyToken,
      PAGE_ACCESS_TOKENS: JSON.stringify({ [page.id]: page.token }),
      BOT_SIGNING_SECRET: signingSecret,
      BOT_URL: `http://127.0.0.1:${botPort}/`,
      GRAPH_URL: `http://127.0.0.1:${simulatorPort}`,
      API_KEYS: JSON.stringify([{ name: "npm start", key: apiKey, role: "admin" }]),
      ...(process.env["PAGE_SETTINGS"] ? { PAGE_SETTINGS: process.env["PAGE_SETTINGS"] } : {}),
    }),
  simulator: () =>
    serveWorker("simulator", simulatorPort, join(stateDir, "simulator"), {
      SIM_PAGES: JSON.stringify([page]),
      SIM_APP_ID: app.id,
      SIM_APP_SECRET: app.secret,
      SIM_VERIFY_TOKEN: app.verifyToken,
      SIM_WEBHOOK_URL: `http://127.0.0.1:${gatewayPort}/webhook`,
    }),
  "echo bot": () =>
    start(
      process.execPath,
      [join(ROOT, "examples/echo-bot/server.mjs")],
      { PORT: String(botPort), BOT_SIGNING_SECRET: signingSecret },
      botPort,
      "/healthz",
    ),
};

const running = new Map<string, Running>();
let ending = false;

async function keep(name: string, begin: () => Promise<Running>): Promise<void> {
  const part = await begin();
  running.set(name, part);
  part.child.stdout?.on("data", (text: Buffer) => process.stdout.write(labelled(name, text)));
  part.child.stderr?.on("data", (text: Buffer) => process.stderr.write(labelled(name, text)));
  part.child.once("exit", (code, signal) => {
    if (ending) return;
    console.error(`${name} ended (${signal ?? code}); starting it again`);
    keep(name, begin).catch(giveUp);
  });
}

const labelled = (name: string, text: Buffer | string): string =>
  String(text).replace(/^(?=.)/gm, `[${name}] `);

async function end(code: number): Promise<never> {
  ending = true;
  await Promise.all([...running.values()].map((part) => part.end()));
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
  for (const [name, begin] of Object.entries(PARTS)) await keep(name, begin);
  console.log(`
  Messengate is running, all on this machine.

    chat as a user      http://127.0.0.1:${simulatorPort}/
    gateway             http://127.0.0.1:${gatewayPort}/healthz
    echo bot            examples/echo-bot/server.mjs, port ${botPort}

  Or by hand:

    curl -X POST http://127.0.0.1:${simulatorPort}/_sim/users/7001/messages \\
      -H 'content-type: application/json' -d '{"text":"Hello"}'
    curl http://127.0.0.1:${simulatorPort}/_sim/users/7001/thread
    curl http://127.0.0.1:${gatewayPort}/messages.send -H 'content-type: application/json' \\
      -H 'authorization: Bearer ${apiKey}' \\
      -d '{"user_id":"7001","message":{"text":"Hello from a person"}}'

  Ctrl-C ends it.
`);
} catch (error) {
  giveUp(error);
}
