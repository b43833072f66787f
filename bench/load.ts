import { setTimeout as pause } from "node:timers/promises";
import { type Connection, openConnection } from "./connection.ts";
import { now } from "./now.ts";

/** Puts load on a server over keep-alive connections. An answer other than 200 ends the run: nothing would be measured. */

export interface Load {
  /** From the first request to the last answer, s. */
  seconds: number;
  /** Of each request, in the order given, ms. */
  latencies: Float64Array;
  /** When each request was due, on {@link now}'s clock, ms. */
  dueAt: Float64Array;
}

/**
 * Closed loop: each connection sends its next request when the last is answered. Measures the greatest rate.
 * @param after what else must have happened before the next; it counts into the latency
 */
export async function closedLoop(
  port: number,
  connections: number,
  requests: readonly Buffer[],
  after?: (at: number) => Promise<void>,
): Promise<Load> {
  return withConnections(port, connections, async (open) => {
    const latencies = new Float64Array(requests.length);
    const dueAt = new Float64Array(requests.length);
    let next = 0;
    const lane = async (connection: Connection) => {
      for (let mine = next++; mine < requests.length; mine = next++) {
        dueAt[mine] = now();
        const ended = after?.(mine);
        await expectStored(connection, requests[mine]);
        await ended;
        latencies[mine] = now() - (dueAt[mine] ?? 0);
      }
    };
    const began = now();
    await Promise.all(open.map(lane));
    return { seconds: (now() - began) / 1000, latencies, dueAt };
  });
}

/**
 * Open loop: requests fall due at a fixed rate whether the last were answered or not, and latency counts from then, so
 * that a server that stalls can't hide it (coordinated omission).
 * @param perSecond the rate
 * @param connections how many requests may be under way; what falls due beyond waits, and its wait counts
 */
export async function openLoop(
  port: number,
  connections: number,
  perSecond: number,
  requests: readonly Buffer[],
): Promise<Load> {
  return withConnections(port, connections, async (open) => {
    const latencies = new Float64Array(requests.length);
    const began = now();
    const dueAt = Float64Array.from(requests, (_, at) => began + (at * 1000) / perSecond);
    let next = 0;
    const lane = async (connection: Connection) => {
      for (let mine = next++; mine < requests.length; mine = next++) {
        const due = dueAt[mine] ?? began;
        const early = due - now();
        if (early > 0) await pause(early);
        await expectStored(connection, requests[mine]);
        latencies[mine] = now() - due;
      }
    };
    await Promise.all(open.map(lane));
    return { seconds: (now() - began) / 1000, latencies, dueAt };
  });
}

async function withConnections<T>(
  port: number,
  count: number,
  use: (open: Connection[]) => Promise<T>,
): Promise<T> {
  const open = await Promise.all(Array.from({ length: count }, () => openConnection(port)));
  try {
    return await use(open);
  } finally {
    for (const connection of open) connection.close();
  }
}

async function expectStored(connection: Connection, request: Buffer | undefined): Promise<void> {
  const status = request && (await connection.post(request));
  if (status !== 200) throw new Error(`a webhook POST was answered ${status}`);
}
