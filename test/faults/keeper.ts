import { type ChildProcess, fork } from "node:child_process";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, Socket } from "node:net";

/**
 * Keeps a stand-in's process alive: when it dies it is started again. The keeper has the listening socket and hands each
 * connection on, so that connections made while the process is dead wait for the next one instead of being refused;
 * being refused is a trouble of its own ({@link Keeper.outage}).
 */
export class Keeper {
  readonly port: number;
  readonly #script: string;
  readonly #orders: object;
  readonly #onBroken: (error: Error) => void;
  readonly #waiting: Socket[] = [];
  #server: Server | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isEnding = false;
  /** How often the process has died. */
  deaths = 0;

  private constructor(script: string, port: number, orders: object, onBroken: (error: Error) => void) {
    this.#script = script;
    this.port = port;
    this.#orders = orders;
    this.#onBroken = onBroken;
  }

  /** @param onBroken called when the process ends in any other way than by SIGKILL; it isn't started again then */
  static async start(
    script: string,
    port: number,
    orders: object,
    onBroken: (error: Error) => void,
  ): Promise<Keeper> {
    const keeper = new Keeper(script, port, orders, onBroken);
    keeper.#spawn();
    await keeper.#listen();
    return keeper;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Nobody is there for some time, ms: the process dies, connections are refused. */
  async outage(forMs: number): Promise<void> {
    this.#close();
    this.#child?.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, forMs));
    if (!this.#isEnding) await this.#listen();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#close();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  #spawn(): void {
    const env = { PATH: process.env["PATH"] ?? "", ORDERS: JSON.stringify(this.#orders) };
    const child = fork(this.#script, { env, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    child.once("message", () => {
      this.#isReady = true;
      this.#handOn();
    });
    child.once("exit", (code, signal) => {
      this.#isReady = false;
      if (this.#isEnding) return;
      if (signal !== "SIGKILL") return this.#onBroken(new Error(`${this.#script} ended with ${code}`));
      this.deaths++;
      this.#spawn();
    });
    child.on("error", () => {});
  }

  async #listen(): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => {});
      this.#waiting.push(socket);
      if (this.#isReady) this.#handOn();
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.#server = server;
  }

  #handOn(): void {
    for (const socket of this.#waiting.splice(0)) this.#child?.send("connection", socket, () => {});
  }

  #close(): void {
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy();
    this.#server?.close();
  }
}

/** The other end, in the stand-in's process: it serves what the keeper hands on, and ends with the keeper. */
export function connectionsFromKeeper(server: HttpServer): void {
  process.on("message", (_, socket) => {
    if (!(socket instanceof Socket)) return;
    socket.setNoDelay(true);
    server.emit("connection", socket);
    socket.resume();
  });
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}
