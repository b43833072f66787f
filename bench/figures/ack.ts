import type { Bench } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import type { Figure } from "../figure.ts";
import type { Server } from "../server.ts";
import { percentile } from "../statistics.ts";

const USERS = 200;
const CONNECTIONS = 64;

/** How soon Meta has its 200 at fixed rates, beside the floor's answer to the same load. */
export async function ack({ plan, bare, storing }: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rate of plan.paces) {
    const floor = await latencies(bare, rate, plan.paceSeconds);
    const gateway = await latencies(storing, rate, plan.paceSeconds);
    figures.push({
      id: `ack.${rate}`,
      what: `single events at ${rate}/s, open loop: latency of the 200, 99th percentile`,
      value: percentile(gateway, 0.99),
      unit: "ms",
      budget: undefined,
      detail: {
        p50Ms: percentile(gateway, 0.5),
        floorP50Ms: percentile(floor, 0.5),
        floorP99Ms: percentile(floor, 0.99),
      },
    });
  }
  return figures;
}

async function latencies(server: Server, rate: number, seconds: number): Promise<Float64Array> {
  const users = newUsers(USERS);
  await server.measure(CONNECTIONS, singlePosts(textsOf(users, USERS)));
  const load = await server.pace(CONNECTIONS, rate, singlePosts(textsOf(users, rate * seconds)));
  return load.latencies;
}
