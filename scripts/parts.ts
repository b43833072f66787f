import { join } from "node:path";
import { ROOT } from "./bundle.ts";
import { type Running, serveWorker, start } from "./processes.ts";

/** The parts of a whole Messengate on one machine, and how they are kept running. */

/** Where the parts listen, unless PORT, SIMULATOR_PORT and BOT_PORT say otherwise. */
export interface Ports {
  gateway: number;
  simulator: number;
  bot: number;
}

/** @throws if one of the variables is no port */
export function portsIn(environment: NodeJS.ProcessEnv): Ports {
  const port = (name: string, fallback: number): number => {
    const value = Number(environment[name] ?? fallback);
    if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
    throw new Error(`${name} is not a port`);
  };
  return {
    gateway: port("PORT", 8787),
    simulator: port("SIMULATOR_PORT", 8788),
    bot: port("BOT_PORT", 8789),
  };
}

/** An app and its page as the simulator plays them. */
export interface PlayedMeta {
  app: { id: string; secret: string; verifyToken: string };
  page: { id: string; name: string; token: string };
  webhookUrl: string;
}

export function startSimulator(
  port: number,
  stateDir: string,
  { app, page, webhookUrl }: PlayedMeta,
): Promise<Running> {
  return serveWorker("simulator", port, stateDir, {
    SIM_PAGES: JSON.stringify([page]),
    SIM_APP_ID: app.id,
    SIM_APP_SECRET: app.secret,
    SIM_VERIFY_TOKEN: app.verifyToken,
    SIM_WEBHOOK_URL: webhookUrl,
  });
}

/** examples/echo-bot */
export function startEchoBot(port: number, signingSecret: string): Promise<Running> {
  const server = join(ROOT, "examples/echo-bot/server.mjs");
  const variables = { PORT: String(port), BOT_SIGNING_SECRET: signingSecret };
  return start(process.execPath, [server], variables, port, "/healthz");
}

/** Starts each part and, when it dies, starts it again on the same data, as a platform would. */
export class Household {
  readonly #running = new Map<string, Running>();
  readonly #beginning = new Set<Promise<Running>>();
  readonly #say: (line: string) => void;
  readonly #giveUp: (error: unknown) => void;
  #isEnding = false;

  /**
   * @param say gets what the parts print, each line labelled
   * @param giveUp is called when a part that died can't be started again
   */
  constructor(say: (text: string) => void, giveUp: (error: unknown) => void) {
    this.#say = say;
    this.#giveUp = giveUp;
  }

  /** Resolves when the part answers; never, once all is ending. */
  async keep(name: string, begin: () => Promise<Running>): Promise<Running> {
    if (this.#isEnding) return new Promise(() => undefined);
    const beginning = begin().then((part) => {
      this.#running.set(name, part);
      return part;
    });
    this.#beginning.add(beginning);
    const part = await beginning.finally(() => this.#beginning.delete(beginning));
    for (const stream of [part.child.stdout, part.child.stderr]) {
      stream?.on("data", (text: Buffer | string) => this.#say(labelled(name, text)));
    }
    part.child.once("exit", (code, signal) => {
      if (this.#isEnding) return;
      this.#say(`${name} ended (${signal ?? code}); starting it again\n`);
      this.keep(name, begin).catch(this.#giveUp);
    });
    return part;
  }

  /** Ends all parts and waits until they are gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    // A signal may come while one is starting: nobody else would end it.
    await Promise.allSettled(this.#beginning);
    await Promise.all([...this.#running.values()].map((part) => part.end()));
  }
}

const labelled = (name: string, text: Buffer | string): string =>
  String(text).replace(/^(?=.)/gm, `[${name}] `);
