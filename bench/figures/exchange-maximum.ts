import { join } from "node:path";
import { type Bench, CONNECTIONS } from "../bench.ts";
import { newUsers, singlePosts, textsOf } from "../events.ts";
import { maximum } from "../exchanges.ts";
import type { Figure } from "../figure.ts";
import { startBare, startGateway } from "../gateway.ts";
import { againstFloor, interleave } from "../rounds.ts";
import type { Server } from "../server.ts";

const USERS = 100;

/** The greatest rate of whole exchanges, beside that of a Worker that does the least an exchange takes. */
export async function exchangeMaximum(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const root of bench.roots) figures.push(await maximumIn(root, bench));
  return figures;
}

async function maximumIn({ path, inMemory }: Bench["roots"][number], bench: Bench): Promise<Figure> {
  const { plan, standIn, adopt } = bench;
  const floorPlace = { stateDir: join(path, "exchange-floor") };
  await using floor = adopt(await startBare(floorPlace, standIn), "floor");
  const place = { stateDir: join(path, "exchange-maximum") };
  await using whole = adopt(await startGateway(place, standIn, "all"), "delivers");
  const side = async (server: Server) => {
    const users = newUsers(USERS);
    await server.measure(CONNECTIONS, singlePosts(textsOf(users, USERS)), 1, bench.settled);
    const turn = (count: number) => maximum(server, standIn, users, CONNECTIONS, count);
    await turn(plan.exchangeTurn);
    return async () => {
      // As in stored-then-200.ts: what has left memory comes back before the clock starts.
      await turn(USERS);
      return turn(plan.exchangeTurn);
    };
  };
  const samples = await interleave(plan.exchangeRounds, {
    floor: await side(floor),
    whole: await side(whole),
  });
  return {
    id: `exchange-maximum.${inMemory ? "memory" : "disk"}`,
    what: `exchanges, data on a ${inMemory ? "memory disk" : "disk"}, closed loop: rate against the floor`,
    ...againstFloor(samples.whole, samples.floor),
    budget: undefined,
  };
}
