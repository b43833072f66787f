import { setTimeout as wait } from "node:timers/promises";
import { check, type Evidence, type Findings, isAnswered } from "./checks.ts";
import type { GraphLine } from "./journal.ts";
import type { Keeper } from "./keeper.ts";
import type { Range } from "./meta.ts";
import { type Chance, chanceOf } from "./seed.ts";
import { type BotTrouble, type GraphTrouble, isUntold, type Odds } from "./trouble.ts";
import { startWorld, type World } from "./world.ts";

/** One run: how much is written, and what goes wrong meanwhile. */
export interface Scenario {
  name: string;
  /** Groups of users that write at the same time; each group's POSTs come one after another. */
  groups: number;
  usersPerGroup: number;
  roundsPerGroup: number;
  pauseMs: Range;
  /** `kill -9` of the gateway: how often, and how long it lives in between, ms. */
  kills?: { times: number; everyMs: Range };
  bot?: Odds<BotTrouble>;
  graph?: Odds<GraphTrouble>;
  /** Times without anybody behind the port: how often, after how long and for how long, ms. */
  botOutages?: Outages;
  graphOutages?: Outages;
  /** Whether Meta sends `message_echoes`. */
  echoes: boolean;
  /** For everything, ms. What isn't answered by then is lost. */
  limitMs: number;
}

interface Outages {
  times: number;
  everyMs: Range;
  forMs: Range;
}

export interface Outcome {
  scenario: string;
  seed: number;
  seconds: number;
  kills: number;
  deaths: number;
  posts: number;
  redelivered: number;
  copies: number;
  acked: number;
  attempts: number;
  replies: number;
  findings: Findings;
  folder: string;
  /** What the gateway logged at last, when something is wrong. */
  log: string;
}

/** So long after a kill (a lease), after an answer that was lost (the grace time for echoes) and after one that never came, ms, a message is doubled at the latest. */
const AFTER_KILL_MS = 27_000;
const AFTER_LOST_ANSWER_MS = 23_000;
const AFTER_HANGING_MS = 33_000;
const TICK_MS = 20;

/** @param end ends it early, as a failure */
export async function play(scenario: Scenario, seed: number, end: AbortSignal): Promise<Outcome> {
  const began = Date.now();
  const { name, groups, usersPerGroup, echoes } = scenario;
  const groupsOfUsers = Array.from({ length: groups }, (_, group) =>
    Array.from({ length: usersPerGroup }, (_, user) => String(7_000_000 + group * 1000 + user)),
  );
  const over = new AbortController();
  const limit = AbortSignal.any([end, over.signal, AbortSignal.timeout(scenario.limitMs)]);
  const plan = {
    seed,
    users: groupsOfUsers.flat(),
    botOdds: scenario.bot ?? {},
    graphOdds: scenario.graph ?? {},
    echoes,
    end: limit,
    onBroken: (error: Error) => over.abort(error),
  };
  const world = await startWorld(plan, chanceOf(seed, name, "ports"));
  const echoing = setInterval(() => echoes && world.meta.echo(world.graphJournal.lines()), TICK_MS);
  const stuck: string[] = [];
  try {
    await Promise.all([
      ...groupsOfUsers.map((users, group) =>
        world.meta.converse(`${name} ${group}`, users, scenario.roundsPerGroup, scenario.pauseMs),
      ),
      killing(world, scenario, chanceOf(seed, name, "kills"), limit),
      outages(world.bot, scenario.botOutages, chanceOf(seed, name, "bot outages"), limit),
      outages(world.graph, scenario.graphOutages, chanceOf(seed, name, "graph outages"), limit),
    ]);
    await settled(world, echoes, limit);
    await world.meta.quiet();
  } catch (error) {
    end.throwIfAborted();
    stuck.push(String(limit.aborted ? limit.reason : error));
  } finally {
    clearInterval(echoing);
    over.abort();
    await world.end();
  }
  const evidence = evidenceOf(world, echoes);
  const findings = check(evidence);
  findings.violations.push(...stuck);
  return {
    scenario: name,
    seed,
    seconds: Math.round((Date.now() - began) / 1000),
    kills: world.kills.length,
    deaths: world.bot.deaths + world.graph.deaths,
    ...world.meta.counts,
    acked: [...world.meta.acked.values()].flat().length,
    attempts: evidence.bot.filter(({ kind }) => kind === "delivery").length,
    replies: evidence.graph.filter(({ kind }) => kind === "accepted").length,
    findings,
    folder: world.folder,
    log: isSound(findings) ? "" : world.log(),
  };
}

/** Whether everything is as promised. */
export const isSound = ({ lost, disordered, doubled, violations }: Findings): boolean =>
  lost.length + disordered.length + doubled.length + violations.length === 0;

async function killing(world: World, { kills }: Scenario, chance: Chance, end: AbortSignal): Promise<void> {
  for (let left = kills?.times ?? 0; kills && left > 0; left--) {
    await wait(chance.whole(...kills.everyMs), undefined, { signal: end });
    await world.killGateway();
  }
}

async function outages(keeper: Keeper, plan: Outages | undefined, chance: Chance, end: AbortSignal) {
  for (let left = plan?.times ?? 0; plan && left > 0; left--) {
    await wait(chance.whole(...plan.everyMs), undefined, { signal: end });
    await keeper.outage(chance.whole(...plan.forMs));
  }
}

/** Everything is answered, and what could still come after that has had its time. */
async function settled(world: World, echoes: boolean, limit: AbortSignal): Promise<void> {
  while (!isAnswered(evidenceOf(world, echoes))) await wait(TICK_MS * 5, undefined, { signal: limit });
  // A message that another one followed is settled: only each user's last can still be doubled.
  const lasts = new Map<string, GraphLine>();
  for (const line of world.graphJournal.lines()) if (line.kind === "accepted") lasts.set(line.user, line);
  const doubts = [...lasts.values()].map((line) => {
    if (line.kind !== "accepted" || !isUntold(line.trouble)) return 0;
    return line.at + (line.trouble === "accept-hang" ? AFTER_HANGING_MS : AFTER_LOST_ANSWER_MS);
  });
  const until = Math.max(0, ...doubts, ...world.kills.map((at) => at + AFTER_KILL_MS));
  await wait(Math.max(0, until - Date.now()), undefined, { signal: limit });
}

const evidenceOf = (world: World, echoes: boolean): Evidence => ({
  acked: world.meta.acked,
  bot: world.botJournal.lines(),
  graph: world.graphJournal.lines(),
  kills: world.kills,
  echoes,
});
