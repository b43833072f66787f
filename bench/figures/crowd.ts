import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bench, CONNECTIONS } from "../bench.ts";
import { newUsers, singlePosts, textsOf, webhookPost } from "../events.ts";
import type { Figure } from "../figure.ts";
import { startGateway } from "../gateway.ts";

const BATCH = 250;
/** An object in memory has three files open, and stays for some ten seconds: faster growth would meet the system's limit. */
const MAX_OPEN_FILES = 10_000;
const PUT_AWAY_MS = 500;
const SAMPLE = 100;
const TURNS = 20;

/**
 * Whether many users slow each other down, and what they cost in memory: a server of its own gets more and more of
 * them; at each size the first hundred write again.
 */
export async function crowd(bench: Bench): Promise<Figure[]> {
  const { plan, standIn } = bench;
  const place = { stateDir: join(bench.roots[0]?.path ?? "", "crowd") };
  await using server = bench.adopt(await startGateway(place, standIn, "postback"));
  const empty = server.workerd.residentMiB();
  const sample = newUsers(SAMPLE);
  const figures: Figure[] = [];
  let users = 0;
  let first: number | undefined;
  for (const size of plan.crowds) {
    const made = await grow(size - users, users === 0 ? sample : []);
    users = size;
    const residentMiB = server.workerd.residentMiB();
    const back = await server.measure(1, singlePosts(textsOf(sample, SAMPLE)));
    const again = await server.measure(CONNECTIONS, singlePosts(textsOf(sample, SAMPLE * TURNS)));
    first ??= again.cpuMicros;
    figures.push({
      id: `crowd.${size}`,
      what: `single events when there are ${size} users: CPU time against ${plan.crowds[0]}`,
      value: again.cpuMicros / first,
      unit: "×",
      budget: undefined,
      detail: {
        ratePerSecond: again.perSecond,
        p50Ms: again.p50,
        p99Ms: again.p99,
        comingBackP50Ms: back.p50,
        newUsersPerSecond: made,
        residentMiB,
      },
    });
  }
  figures.unshift({
    id: "memory",
    what: "memory of the workerd process, started and idle",
    value: empty,
    unit: "MiB",
    budget: undefined,
    detail: {},
  });
  return figures;

  /** @returns new users a second, the waits for workerd to put some away not counted */
  async function grow(count: number, named: readonly string[]): Promise<number> {
    const all = [...named, ...newUsers(count - named.length)];
    let milliseconds = 0;
    for (let at = 0; at < all.length; at += BATCH) {
      while (server.workerd.openFiles() > MAX_OPEN_FILES) await pause(PUT_AWAY_MS);
      const some = all.slice(at, at + BATCH);
      const post = webhookPost(textsOf(some, some.length));
      const began = performance.now();
      await server.measure(1, [post], some.length);
      milliseconds += performance.now() - began;
    }
    return (all.length * 1000) / milliseconds;
  }
}
