import type { Bench } from "../bench.ts";
import { newUsers, singlePosts, textsOf, webhookPost } from "../events.ts";
import type { Figure } from "../figure.ts";
import { interleave, ratiosOf } from "../rounds.ts";
import { median } from "../statistics.ts";

const MAX_RATIO = 1.1;
const CONNECTIONS = 4;
const FILL_BATCH = 1000;
const TURN = 400;

/** Whether a long history slows a conversation down. The other side is as empty as it can be once its files have grown. */
export async function depth({ plan, storing }: Bench): Promise<Figure[]> {
  const deep = newUsers(1);
  const fill = Array.from({ length: plan.depth / FILL_BATCH }, () => webhookPost(textsOf(deep, FILL_BATCH)));
  await storing.measure(1, fill, FILL_BATCH);

  const turn = (user: readonly string[]) => storing.measure(CONNECTIONS, singlePosts(textsOf(user, TURN)));
  const samples = await interleave(2 * plan.rounds, {
    // The first turn is not measured: SQLite's log file grows while it is new, and is written over from then on.
    young: async () => {
      const young = newUsers(1);
      await turn(young);
      return turn(young);
    },
    deep: async () => {
      await storing.measure(1, singlePosts(textsOf(deep, 1)));
      return turn(deep);
    },
  });
  const ratios = ratiosOf(samples.young, samples.deep, "perSecond");
  return [
    {
      id: "depth",
      what: `ingest into a conversation of ${plan.depth} events: time against one of ${TURN}`,
      value: median(ratios),
      unit: "×",
      budget: { atMost: MAX_RATIO },
      detail: {
        min: Math.min(...ratios),
        max: Math.max(...ratios),
        cpuRatio: median(ratiosOf(samples.deep, samples.young, "cpuMicros")),
        deepP50Ms: median(samples.deep.map((one) => one.p50)),
        youngP50Ms: median(samples.young.map((one) => one.p50)),
      },
    },
  ];
}
