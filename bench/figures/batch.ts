import type { Bench } from "../bench.ts";
import { newUsers, textsOf, webhookPost } from "../events.ts";
import type { Figure } from "../figure.ts";
import { againstFloor, interleave } from "../rounds.ts";
import type { Server } from "../server.ts";

const MIN_RATIO = 0.8;
/** Events a turn has at the least: small POSTs are repeated, one after the other. */
const TURN_OF_NEW = 100;
const TURN_OF_WARM = 500;

/** POSTs with an event for each of many users, one at a time: the largest are Meta's way of catching up. */
export async function batch(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of bench.plan.batches) figures.push(...(await batchOf(size, bench)));
  return figures;
}

async function batchOf(size: number, { plan, bare, storing }: Bench): Promise<Figure[]> {
  const post = (users: readonly string[]) => webhookPost(textsOf(users, size));
  const posts = (events: number, users: () => readonly string[]) =>
    Array.from({ length: Math.ceil(events / size) }, () => post(users()));

  const fresh = (server: Server) => () =>
    server.measure(
      1,
      posts(TURN_OF_NEW, () => newUsers(size)),
      size,
    );
  const freshSamples = await interleave(plan.batchRounds, { bare: fresh(bare), storing: fresh(storing) });

  const warm = (server: Server) => {
    const users = newUsers(size);
    return async () => {
      await server.measure(1, [post(users)], size);
      return server.measure(
        1,
        posts(TURN_OF_WARM, () => users),
        size,
      );
    };
  };
  const warmSamples = await interleave(plan.batchRounds, { bare: warm(bare), storing: warm(storing) });

  // What users get one by one is judged elsewhere, over many connections.
  const budget = size >= JUDGED_FROM ? { atLeast: MIN_RATIO } : undefined;
  const many = size === 1 ? "POSTs of one event, one at a time," : `one POST of ${size} events`;
  return [
    {
      id: `batch.${size}.fresh`,
      what: `${many} for ${size === 1 ? "new users" : `${size} new users`}: rate per event against the floor`,
      ...againstFloor(freshSamples.storing, freshSamples.bare),
      budget,
    },
    {
      id: `batch.${size}.warm`,
      what: `${many} for ${size === 1 ? "a warm user" : `${size} warm users`}: rate per event against the floor`,
      ...againstFloor(warmSamples.storing, warmSamples.bare),
      budget,
    },
  ];
}

const JUDGED_FROM = 1000;
