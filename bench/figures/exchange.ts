import { type Bench, settled } from "../bench.ts";
import { ASKS_FOR_REPLY, newUsers, singlePosts, textsOf } from "../events.ts";
import type { Figure } from "../figure.ts";
import { percentile } from "../statistics.ts";

const USERS = 200;
const PER_SECOND = 200;
/** Far more than are ever under way at once. */
const CONNECTIONS = 64;

/** From a user's message to the bot's reply leaving for Meta, at a steady pace. The stand-ins answer at once. */
export async function exchange(bench: Bench): Promise<Figure[]> {
  const { plan, whole, standIn } = bench;
  const users = newUsers(USERS);
  await whole.measure(CONNECTIONS, singlePosts(textsOf(users, USERS)), 1, settled(bench, whole));

  const messages = textsOf(users, PER_SECOND * plan.exchangeSeconds).map(({ user }, at) => ({
    user,
    text: `${ASKS_FOR_REPLY}${at}`,
  }));
  const { latencies, dueAt } = await whole.pace(CONNECTIONS, PER_SECOND, singlePosts(messages));
  const sent = await standIn.sent(messages.map(({ text }) => text));
  const took = messages.map(({ text }, at) => (sent.get(text) ?? Number.NaN) - (dueAt[at] ?? Number.NaN));

  const detail = {
    exchanges: took.length,
    stored50Ms: percentile(latencies, 0.5),
    stored99Ms: percentile(latencies, 0.99),
  };
  const what = `exchange at ${PER_SECOND}/s: from Meta's POST to the call of the Send API`;
  return [
    {
      id: "exchange.p50",
      what: `${what}, median`,
      value: percentile(took, 0.5),
      unit: "ms",
      budget: undefined,
      detail,
    },
    {
      id: "exchange.p99",
      what: `${what}, 99th percentile`,
      value: percentile(took, 0.99),
      unit: "ms",
      budget: undefined,
      detail: {},
    },
  ];
}
