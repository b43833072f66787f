import { type Bench, CONNECTIONS } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import type { Figure } from "../figure.ts";
import { againstFloor, interleave } from "../rounds.ts";
import type { Server } from "../server.ts";

const USERS = 200;
const MIN_RATIO = 0.8;

/** Single-event POSTs to conversations that are in memory: what most webhooks are. */
export async function storedThen200(bench: Bench): Promise<Figure[]> {
  const { plan, bare, storing, whole } = bench;
  const turn = async (server: Server) => {
    const users = newUsers(USERS);
    const turnOf = (count: number) =>
      server.measure(
        CONNECTIONS,
        singlePosts(textsOf(users, count)),
        1,
        server === whole ? bench.settled : undefined,
      );
    const { perSecond } = await turnOf(2 * USERS);
    return async () => {
      // Objects idle for ten seconds have left memory: call them back before the clock starts.
      await turnOf(USERS);
      return turnOf(Math.ceil((perSecond * plan.turnSeconds) / USERS) * USERS);
    };
  };
  const samples = await interleave(plan.rounds, {
    bare: await turn(bare),
    storing: await turn(storing),
    whole: await turn(whole),
  });

  return [
    {
      id: "stored-then-200.storing",
      what: "single events, warm conversations: rate against the floor",
      ...againstFloor(samples.storing, samples.bare),
      budget: { atLeast: MIN_RATIO },
    },
    {
      id: "stored-then-200.whole",
      what: "the same while the bot is served as well",
      ...againstFloor(samples.whole, samples.bare),
      budget: undefined,
    },
  ];
}
