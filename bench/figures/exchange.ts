import type { Bench } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import { pace } from "../exchanges.ts";
import type { Figure } from "../figure.ts";

const USERS = 200;
const PER_SECOND = 200;
const CONNECTIONS = 64;

/** From a user's message to the bot's reply leaving for Meta, at a steady pace. The stand-ins answer at once. */
export async function exchange(bench: Bench): Promise<Figure[]> {
  const { plan, whole, standIn } = bench;
  const users = newUsers(USERS);
  await whole.measure(CONNECTIONS, singlePosts(textsOf(users, USERS)), 1, bench.settled);
  const { e2e50, e2e99, ack50, ack99 } = await pace(whole, standIn, users, PER_SECOND, plan.exchangeSeconds);
  const what = `exchange at ${PER_SECOND}/s: from Meta's POST to the call of the Send API`;
  return [
    {
      id: "exchange.p50",
      what: `${what}, median`,
      value: e2e50,
      unit: "ms",
      budget: undefined,
      detail: { ack50Ms: ack50, ack99Ms: ack99 },
    },
    {
      id: "exchange.p99",
      what: `${what}, 99th percentile`,
      value: e2e99,
      unit: "ms",
      budget: undefined,
      detail: {},
    },
  ];
}
