import { ASKS_FOR_REPLY, singlePosts, textsOf, type UserText } from "./events.ts";
import { now } from "./now.ts";
import type { Sample, Server } from "./server.ts";
import type { StandIn } from "./stand-in.ts";
import { percentile } from "./statistics.ts";

/** An exchange: from Meta's POST with a user's message to the call of the Send API with the bot's reply. */
export interface Paced {
  /** Exchanges a second: asked for. */
  rate: number;
  /** Latency of the 200, ms. */
  ack50: number;
  ack99: number;
  /** From when the message was due to the call of the Send API, ms. */
  e2e50: number;
  e2e99: number;
  /** The median of the last quarter less that of the first, ms: what a backlog adds. */
  growth: number;
  /** CPU time of the server per exchange, µs. */
  cpuMicros: number;
}

/** Far more than are under way at once while the server keeps up; what waits for one counts as late. */
const CONNECTIONS = 128;
let asked = 0;

/** Messages, to these users in turn, each of which asks for a reply of its own. */
export const questions = (users: readonly string[], count: number): UserText[] =>
  textsOf(users, count).map(({ user }) => ({ user, text: `${ASKS_FOR_REPLY}${asked++}` }));

/** Open loop: the messages fall due at a steady rate, whatever became of the last. */
export async function pace(
  server: Server,
  standIn: StandIn,
  users: readonly string[],
  rate: number,
  seconds: number,
): Promise<Paced> {
  const messages = questions(users, rate * seconds);
  const before = server.workerd.cpuMicros();
  const { latencies, dueAt } = await server.pace(CONNECTIONS, rate, singlePosts(messages));
  const sent = await standIn.sent(messages.map(({ text }) => text));
  const took = messages.map(({ text }, at) => (sent.get(text) ?? Number.NaN) - (dueAt[at] ?? Number.NaN));
  const quarter = took.length >> 2;
  return {
    rate,
    ack50: percentile(latencies, 0.5),
    ack99: percentile(latencies, 0.99),
    e2e50: percentile(took, 0.5),
    e2e99: percentile(took, 0.99),
    growth: percentile(took.slice(-quarter), 0.5) - percentile(took.slice(0, quarter), 0.5),
    cpuMicros: (server.workerd.cpuMicros() - before) / messages.length,
  };
}

/** Closed loop: each of `lanes` users writes again when the reply to the last message has left. Latency is the whole way. */
export async function maximum(
  server: Server,
  standIn: StandIn,
  users: readonly string[],
  lanes: number,
  count: number,
): Promise<Sample> {
  const messages = questions(users, count);
  const waiting = new Map<string, () => void>();
  standIn.watch((text) => waiting.get(text)?.());
  const before = server.workerd.cpuMicros();
  const began = now();
  const took = await server.converse(lanes, singlePosts(messages), (at) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(messages[at]?.text ?? "", resolve);
    return promise;
  });
  const seconds = (now() - began) / 1000;
  const cpuMicros = (server.workerd.cpuMicros() - before) / count;
  await standIn.sent(messages.map(({ text }) => text));
  return {
    perSecond: count / seconds,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    cpuMicros,
  };
}
