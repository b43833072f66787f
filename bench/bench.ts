import { join } from "node:path";
import { newUsers, singlePosts, textsOf } from "./events.ts";
import { startBare, startGateway } from "./gateway.ts";
import type { Plan } from "./plan.ts";
import type { Server } from "./server.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

/** What the figures are measured on. All of it is started once; at any time only one server is under load. */
export interface Bench {
  plan: Plan;
  standIn: StandIn;
  /** The floor. */
  bare: Server;
  /** The gateway when what is sent does not go to the bot: the way to the 200 alone. */
  storing: Server;
  /** The gateway at its whole work. */
  whole: Server;
}

export const CONNECTIONS = 32;

export async function startBench(plan: Plan, dir: string, stack: AsyncDisposableStack): Promise<Bench> {
  const standIn = stack.use(await startStandIn());
  const bare = stack.use(await startBare({ stateDir: join(dir, "bare") }));
  const storing = stack.use(await startGateway({ stateDir: join(dir, "storing") }, standIn, "postback"));
  const whole = stack.use(await startGateway({ stateDir: join(dir, "whole") }, standIn, "all"));
  const bench = { plan, standIn, bare, storing, whole };
  for (const server of [bare, storing, whole]) {
    const posts = singlePosts(textsOf(newUsers(20), plan.warmUp));
    await server.measure(CONNECTIONS, posts, 1, settled(bench, server));
  }
  return bench;
}

/** Resolves when the work behind the answers is done as well: the bot has all that was acknowledged. */
export const settled =
  ({ whole, standIn }: Bench, server: Server): (() => Promise<void>) =>
  async () => {
    if (server === whole) await standIn.delivered(whole.acknowledged);
  };
