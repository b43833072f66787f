import type { Bench } from "../bench.ts";
import { newUsers, singlePosts, textsOf, webhookPost } from "../events.ts";
import type { Figure } from "../figure.ts";
import { interleave, ratiosOf } from "../rounds.ts";
import { median } from "../statistics.ts";

const MAX_RATIO = 1.1;
const CONNECTIONS = 4;
const FILL_BATCH = 1000;
/** Events of the conversation that the others are compared with: as few as it can have once its files have grown. */
const YOUNG = 400;
/** Measured per turn: short enough that a conversation of few events still has few at its end. */
const TURN = 400;
/** So many conversations share a turn that none of them gets more than ten events by it. */
const SHARE_OF = 40;

/** Whether a long history slows a conversation down. */
export async function depth({ plan, storing }: Bench): Promise<Figure[]> {
  const fill = async (users: readonly string[], events: number) => {
    const batch = Math.min(events, FILL_BATCH);
    for (const user of users) {
      const posts = Array.from({ length: Math.ceil(events / batch) }, () =>
        webhookPost(textsOf([user], batch)),
      );
      await storing.measure(1, posts, batch);
    }
  };
  const turn = (users: readonly string[]) => storing.measure(CONNECTIONS, singlePosts(textsOf(users, TURN)));
  const sideOf = async (events: number) => {
    // Few conversations when each is long: filling them is what takes time. Few events are too few for one.
    const users = newUsers(events < YOUNG ? SHARE_OF : 1);
    await fill(users, events);
    return async () => {
      await storing.measure(1, singlePosts(textsOf(users, users.length)));
      return turn(users);
    };
  };
  const young = async () => {
    // SQLite's log file grows while it is new, and is written over from then on.
    const user = newUsers(1);
    await turn(user);
    return turn(user);
  };
  const sides: Record<string, Parameters<typeof interleave>[1][string]> = { young };
  for (const events of plan.depths) sides[events] = await sideOf(events);
  const samples = await interleave(plan.rounds, sides);

  const deepest = plan.depths.at(-1);
  return plan.depths.map((events) => {
    const side = samples[events] ?? [];
    const ratios = ratiosOf(samples["young"] ?? [], side, "perSecond");
    return {
      id: `depth.${events}`,
      what: `ingest into a conversation of ${events} events: time against one of ${YOUNG}`,
      value: median(ratios),
      unit: "×",
      budget: events === deepest ? { atMost: MAX_RATIO } : undefined,
      detail: {
        min: Math.min(...ratios),
        max: Math.max(...ratios),
        cpuRatio: median(ratiosOf(side, samples["young"] ?? [], "cpuMicros")),
        p50Ms: median(side.map((one) => one.p50)),
        p99Ms: median(side.map((one) => one.p99)),
      },
    };
  });
}
