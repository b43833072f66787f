import { join } from "node:path";
import { type Bench, CONNECTIONS } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import { type Paced, pace } from "../exchanges.ts";
import type { Figure } from "../figure.ts";
import { startGateway } from "../gateway.ts";

/** What users would notice: an exchange later than this, ms, at the 99th percentile. */
const LATE_MS = 250;
/** A backlog that adds this much over one step, ms, would reach {@link LATE_MS} before long. */
const GROWTH_MS = 50;
const BUDGET = { disk: 600, memory: 1000 };
const WARM_UP_PER_SECOND = 200;

/**
 * How many exchanges a second the gateway carries on, with the bot, the Graph API and the load on the same cores: open
 * loop at rising rates until one is too much, then once between the last two. On the disk under test and on a memory
 * disk.
 */
export async function sustained(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const root of bench.roots) figures.push(...(await sustainedIn(root, bench)));
  return figures;
}

async function sustainedIn({ path, inMemory }: Bench["roots"][number], bench: Bench): Promise<Figure[]> {
  const { plan, standIn } = bench;
  const started = await startGateway({ stateDir: join(path, "sustained") }, standIn, "all");
  await using server = bench.adopt(started, "delivers");
  const users = newUsers(plan.sustainedUsers);
  await server.measure(CONNECTIONS, singlePosts(textsOf(users, users.length)), 1, bench.settled);
  await pace(server, standIn, users, WARM_UP_PER_SECOND, plan.sustainedSeconds / 2);

  const steps: Paced[] = [];
  const carries = async (rate: number) => {
    const paced = await pace(server, standIn, users, rate, plan.sustainedSeconds);
    steps.push(paced);
    return paced.e2e99 < LATE_MS && paced.growth < GROWTH_MS;
  };
  let best = 0;
  for (const rate of plan.sustainedRates) {
    if (await carries(rate)) {
      best = rate;
      continue;
    }
    const between = (best + rate) / 2;
    if (plan.sustainedBetween && (await carries(between))) best = between;
    break;
  }

  const where = inMemory ? "memory" : "disk";
  const id = `sustained.${where}`;
  return [
    {
      id,
      what: `exchanges sustained, data on a ${where === "disk" ? where : "memory disk"}, open loop: 99 % within ${LATE_MS} ms, no backlog`,
      value: best,
      unit: "/s",
      budget: { atLeast: BUDGET[where] },
      detail: { users: users.length, residentMiB: server.workerd.residentMiB() },
    },
    ...steps.toSorted((a, b) => a.rate - b.rate).map(({ rate, ...paced }) => ofStep(id, rate, paced)),
  ];
}

const ofStep = (id: string, rate: number, { e2e99, cpuMicros, ...rest }: Omit<Paced, "rate">): Figure => ({
  id: `${id}.${rate}`,
  what: `– at ${rate}/s: 99th percentile`,
  value: e2e99,
  unit: "ms",
  budget: undefined,
  detail: { cpuPerExchange: cpuMicros, ...rest },
});
