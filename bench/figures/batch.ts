import type { Bench } from "../bench.ts";
import { newUsers, textsOf, webhookPost } from "../events.ts";
import type { Figure } from "../figure.ts";
import { againstFloor, interleave } from "../rounds.ts";
import type { Server } from "../server.ts";

const MIN_RATIO = 0.8;
const WARM_POSTS = 2;

/** One POST with an event for each of many users: Meta's way of catching up. */
export async function batch({ plan, bare, storing }: Bench): Promise<Figure[]> {
  const post = (users: readonly string[]) => webhookPost(textsOf(users, users.length));

  const fresh = (server: Server) => () => server.measure(1, [post(newUsers(plan.batch))], plan.batch);
  const freshSamples = await interleave(plan.batchRounds, {
    bare: fresh(bare),
    storing: fresh(storing),
  });

  const warm = (server: Server) => {
    const users = newUsers(plan.batch);
    return async () => {
      await server.measure(1, [post(users)], plan.batch);
      const posts = Array.from({ length: WARM_POSTS }, () => post(users));
      return server.measure(1, posts, plan.batch);
    };
  };
  const warmSamples = await interleave(plan.batchRounds, {
    bare: warm(bare),
    storing: warm(storing),
  });

  const many = `one POST of ${plan.batch} events for ${plan.batch}`;
  return [
    {
      id: "batch.fresh",
      what: `${many} new users: rate per event against the floor`,
      ...againstFloor(freshSamples.storing, freshSamples.bare),
      budget: { atLeast: MIN_RATIO },
    },
    {
      id: "batch.warm",
      what: `${many} warm users: rate per event against the floor`,
      ...againstFloor(warmSamples.storing, warmSamples.bare),
      budget: { atLeast: MIN_RATIO },
    },
  ];
}
