import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { closedLoop, type Load, openLoop } from "./load.ts";
import type { Workerd } from "./processes.ts";
import { percentile } from "./statistics.ts";

/** One measurement of a server. */
export interface Sample {
  /** Events stored and acknowledged a second. */
  perSecond: number;
  /** Latency of a POST, ms. */
  p50: number;
  p99: number;
  /** CPU time per event, all of the server's threads, µs; `NaN` where it can't be told. */
  cpuMicros: number;
}

/** A Worker under measurement, and an account of what it acknowledged. */
export class Server implements AsyncDisposable {
  readonly workerd: Workerd;
  readonly #stateDir: string;
  #acknowledged = 0;

  constructor(workerd: Workerd, stateDir: string) {
    this.workerd = workerd;
    this.#stateDir = stateDir;
  }

  /** Events answered 200 so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /**
   * Sends all requests as fast as they are answered.
   * @param perRequest events in each request
   * @param settled what must have happened before CPU time is read, for work that goes on behind the answers
   */
  async measure(
    connections: number,
    requests: readonly Buffer[],
    perRequest = 1,
    settled: () => Promise<void> = async () => {},
  ): Promise<Sample> {
    const before = this.workerd.cpuMicros();
    const load = await closedLoop(this.workerd.port, connections, requests);
    this.#acknowledged += requests.length * perRequest;
    await settled();
    const after = this.workerd.cpuMicros();
    const events = requests.length * perRequest;
    return {
      perSecond: events / load.seconds,
      p50: percentile(load.latencies, 0.5),
      p99: percentile(load.latencies, 0.99),
      cpuMicros: (after - before) / events,
    };
  }

  /** Sends single-event requests at a fixed rate. */
  async pace(connections: number, perSecond: number, requests: readonly Buffer[]): Promise<Load> {
    const load = await openLoop(this.workerd.port, connections, perSecond, requests);
    this.#acknowledged += requests.length;
    return load;
  }

  /**
   * Sends single-event requests, each when the last of its lane is over.
   * @param reply resolves when the reply to a request has left
   * @returns how long each took, ms
   */
  async converse(
    lanes: number,
    requests: readonly Buffer[],
    reply: (at: number) => Promise<void>,
  ): Promise<Float64Array> {
    const { latencies } = await closedLoop(this.workerd.port, lanes, requests, reply);
    this.#acknowledged += requests.length;
    return latencies;
  }

  /** Counts the rows in `event` over the files of all objects that have events. Call when the server has ended. */
  stored(): number {
    let rows = 0;
    for (const file of readdirSync(this.#stateDir, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".sqlite") || file.endsWith("metadata.sqlite")) continue;
      // What is kept of the page, none of its messages comes to.
      if (file.includes("messengate-Page") || file.includes("messengate-Directory")) continue;
      const database = new DatabaseSync(join(this.#stateDir, file));
      rows += Number(database.prepare("SELECT count(*) AS rows FROM event").get()?.["rows"] ?? 0);
      database.close();
    }
    return rows;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.workerd[Symbol.asyncDispose]();
  }
}
