import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { newUsers, singlePosts, textsOf } from "./events.ts";
import { startBare, startGateway } from "./gateway.ts";
import { isMemoryDisk, MEMORY_DISK } from "./machine.ts";
import type { Plan } from "./plan.ts";
import type { Server } from "./server.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

/** What the figures are measured on. At any time only one server is under load. */
export interface Bench {
  plan: Plan;
  standIn: StandIn;
  /** The floor. */
  bare: Server;
  /** The gateway when what is sent does not go to the bot: the way to the 200 alone. */
  storing: Server;
  /** The gateway at its whole work. */
  whole: Server;
  /** Every server there was whose `event` tables hold what it acknowledged and nothing else. */
  servers: Server[];
  /** Places for data: where the run was told to, and a memory disk, if that is another. */
  roots: { path: string; inMemory: boolean }[];
  /**
   * Keeps an account of a server that a figure starts for itself, and ends it at the latest with the run.
   * @param how it goes to the bot with what it takes in; a floor also stores what comes back, as events
   */
  adopt(server: Server, how?: "delivers" | "floor"): Server;
  /** Resolves when the work behind the answers is done as well: the bot has all that was acknowledged. */
  settled(): Promise<void>;
}

export const CONNECTIONS = 32;

export async function startBench(plan: Plan, stateRoot: string, stack: AsyncDisposableStack): Promise<Bench> {
  const paths = [stateRoot];
  if (!isMemoryDisk(stateRoot) && isMemoryDisk(MEMORY_DISK)) paths.push(MEMORY_DISK);
  const roots = paths.map((path) => {
    const root = mkdtempSync(join(path, "messengate-bench-"));
    stack.defer(() => rmSync(root, { recursive: true, force: true }));
    return { path: root, inMemory: isMemoryDisk(path) };
  });
  const dir = join(roots[0]?.path ?? stateRoot, "main");
  mkdirSync(dir);

  const standIn = stack.use(await startStandIn());
  const servers: Server[] = [];
  const delivering: Server[] = [];
  const adopt = (server: Server, how?: "delivers" | "floor") => {
    stack.use(server);
    if (how !== "floor") servers.push(server);
    if (how) delivering.push(server);
    return server;
  };
  const settled = () => standIn.delivered(delivering.reduce((sum, one) => sum + one.acknowledged, 0));
  const bare = adopt(await startBare({ stateDir: join(dir, "bare") }));
  const storing = adopt(await startGateway({ stateDir: join(dir, "storing") }, standIn, "postback"));
  const whole = adopt(await startGateway({ stateDir: join(dir, "whole") }, standIn, "all"), "delivers");
  for (const server of [bare, storing, whole]) {
    await server.measure(CONNECTIONS, singlePosts(textsOf(newUsers(20), plan.warmUp)), 1, settled);
  }
  return { plan, standIn, bare, storing, whole, servers, roots, adopt, settled };
}
