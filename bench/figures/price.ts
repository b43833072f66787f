import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { ASKS_FOR_REPLY, newUsers, PAGE, singlePosts, type UserText } from "../events.ts";
import { questions } from "../exchanges.ts";
import type { Figure } from "../figure.ts";
import { startMetered } from "../gateway.ts";
import { priceOf, type Units } from "../prices.ts";
import type { Server } from "../server.ts";

/** Exchanges per kind of bot. All of them wait at the same time: the slowest bot decides how long it takes. */
const EXCHANGES = 20;
const CONNECTIONS = 2;
/** A reply's result is still to be reported and stored when the reply has left, ms. */
const REPORTED_MS = 500;
/** After so long nobody knows any more that the conversation was lively. */
const PAUSE_MS = 60 * 60_000;
/** Of the Worker alone it can't be told: about what the whole process spends on an exchange under load, objects included. */
const WORKER_CPU_MS = 1.5;

type Metered = Record<string, Omit<Units, "workerRequests" | "workerCpuMs">>;

/**
 * What an exchange costs by how slow the bot is, and what the same gateway would cost if the object itself awaited the
 * bot. Both are run and their units counted; the prices are computed from them.
 */
export async function price(bench: Bench): Promise<Figure[]> {
  const { plan, standIn, roots, adopt } = bench;
  const start = async (name: string, objectAwaits: boolean) => {
    const place = { stateDir: join(roots[0]?.path ?? "", name) };
    return adopt(await startMetered(place, standIn, objectAwaits), "delivers");
  };
  await using reporting = await start("reporting", false);
  await using awaiting = await start("awaiting", true);
  const sides = [reporting, awaiting].map((server) => ({
    server,
    groups: plan.botsMs.map((botMs) => ({ botMs, users: newUsers(EXCHANGES) })),
  }));

  const run = async (messagesFor: (group: { botMs: number; users: string[] }) => UserText[], laterMs = 0) => {
    const texts: string[] = [];
    for (const { server, groups } of sides) {
      const messages = groups.flatMap(messagesFor);
      texts.push(...messages.map(({ text }) => text));
      await server.measure(CONNECTIONS, singlePosts(messages));
    }
    await standIn.sent(texts);
    await pause(REPORTED_MS);
    return Promise.all(sides.map(({ server }) => unitsIn(server, laterMs)));
  };
  const answeredAtOnce = ({ users }: { users: string[] }) => questions(users, EXCHANGES);
  // A conversation's first exchange makes its tables: paid once, and not counted. What is counted comes after a pause.
  const before = await run(answeredAtOnce, PAUSE_MS);
  const after = await run(({ botMs, users }) =>
    questions(users, EXCHANGES).map(({ user, text }) => ({
      user,
      text: text.replace(ASKS_FOR_REPLY, `${ASKS_FOR_REPLY}after:${botMs}:`),
    })),
  );
  const [ours, theirs] = sides.map(({ groups }, side) =>
    groups.map(({ users }) => meanOf(users, before[side] ?? {}, after[side] ?? {})),
  );
  // The first of these may find the object out of memory, the second may be the first that the object knows to be soon.
  await run(answeredAtOnce);
  const last = await run(answeredAtOnce);
  const soonAfter = await run(answeredAtOnce);
  const soon = sides.map(({ groups }, side) =>
    meanOf(groups[0]?.users ?? [], last[side] ?? {}, soonAfter[side] ?? {}),
  );
  return [
    ...plan.botsMs.map((botMs, at) =>
      figureOf(`with a bot of ${botMs / 1000} s`, `${botMs}`, ours?.[at], theirs?.[at]),
    ),
    figureOf("when messages come in quick succession", "soon", soon[0], soon[1]),
  ];
}

function figureOf(how: string, id: string, ours: Units | undefined, awaiting: Units | undefined): Figure {
  if (!ours || !awaiting) throw new Error("an exchange was not metered");
  return {
    id: `price.${id}`,
    what: `a million exchanges ${how}, at list prices`,
    value: priceOf(ours),
    unit: "$",
    budget: undefined,
    detail: {
      objectRequests: ours.objectRequests,
      rowsWritten: ours.rowsWritten,
      rowsRead: ours.rowsRead,
      objectMs: ours.objectMs,
      awaitingDollars: priceOf(awaiting),
      awaitingObjectRequests: awaiting.objectRequests,
      awaitingRowsWritten: awaiting.rowsWritten,
      awaitingObjectMs: awaiting.objectMs,
    },
  };
}

/** @param laterMs how much time passes then */
async function unitsIn({ workerd }: Server, laterMs: number): Promise<Metered> {
  const response = await fetch(`http://127.0.0.1:${workerd.port}/units?later=${laterMs}`);
  return response.json() as Promise<Metered>;
}

function meanOf(users: readonly string[], before: Metered, after: Metered): Units {
  const mean = (unit: keyof Metered[string]) => {
    const of = (metered: Metered, user: string) => metered[`${PAGE}_${user}`]?.[unit] ?? Number.NaN;
    return users.reduce((sum, user) => sum + of(after, user) - of(before, user), 0) / users.length;
  };
  return {
    workerRequests: 1,
    workerCpuMs: WORKER_CPU_MS,
    objectRequests: mean("objectRequests"),
    rowsWritten: mean("rowsWritten"),
    rowsRead: mean("rowsRead"),
    objectMs: mean("objectMs"),
  };
}
