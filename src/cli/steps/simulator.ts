import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { bundle, isStale, type WorkerName } from "../../../scripts/bundle.ts";
import { startEchoBot, startSimulator } from "../../../scripts/parts.ts";
import { graphOf, isLoopback, type Job, localUrl, type Played, portsOf, simulatorUrl } from "../job.ts";
import { fieldsOfPage, unsubscribePage } from "../meta/subscription.ts";
import { tokensIn } from "../terminal/given.ts";
import { Trouble } from "../terminal/trouble.ts";

/** With `--simulator`: Meta and the bot are played on this machine, by an app and a page of their own. */

const APP = "900100200300";
const PAGE = "100200300400500";

/**
 * The app and the page that are played: what `.dev.vars` has of an earlier run, else made.
 * @throws Trouble if `.dev.vars` is about Meta itself, which this must not be mixed with
 */
export function playedIn(job: Job): Played {
  const known = job.place.known();
  const isOfMeta = known.has("META_APP_SECRET") && !isLoopback(known.get("GRAPH_URL") ?? "");
  if (isOfMeta) {
    throw new Trouble(
      "vars_of_meta",
      ".dev.vars has settings for Meta itself, which those of the simulator would replace.",
      "Move .dev.vars away for the time, or leave --simulator out.",
    );
  }
  const [knownPage, knownToken] = [...tokensIn(Object.fromEntries(known))][0] ?? [];
  const id = job.flags.pageIds[0] ?? knownPage ?? PAGE;
  const secret = job.given.appSecret() ?? known.get("META_APP_SECRET")?.split(",")[0]?.trim();
  const token = job.given.pageTokens()[0] ?? (id === knownPage ? knownToken : undefined);
  return {
    app: { id: job.flags.appId ?? known.get("META_APP_ID") ?? APP, secret: secret ?? random() },
    page: { id, name: "Sample Page", token: token ?? `SIM${random()}` },
  };
}

const random = () => randomBytes(24).toString("hex");

/** Starts the simulator. A page that setup hasn't seen is on no app, as a page at Meta would be. */
export async function startMeta(job: Job, played: Played): Promise<void> {
  const { simulator } = portsOf(job);
  await mustBeFree(simulator, "SIMULATOR_PORT");
  ensureBundle("simulator");
  const meta = {
    app: { ...played.app, verifyToken: job.place.known().get("META_VERIFY_TOKEN") ?? random() },
    page: played.page,
    webhookUrl: `${localUrl(job)}/webhook`,
  };
  await job.household.keep("simulator", () => startSimulator(simulator, stateDirOf(job, "simulator"), meta));
  if (job.record.contents.pages.includes(played.page.id)) return;
  const withPlayed = { ...job, played };
  const fields = await fieldsOfPage(graphOf(withPlayed), played.app, played.page);
  if (fields.length > 0) await unsubscribePage(graphOf(withPlayed), played.app, played.page);
}

/** Whether the simulator runs already, for a command that only looks. */
export async function isSimulatorUp(job: Job): Promise<boolean> {
  const health = await fetch(`${simulatorUrl(job)}/_sim/health`).catch(() => undefined);
  return health?.ok ?? false;
}

export async function startBot(job: Job, signingSecret: string): Promise<void> {
  const { bot } = portsOf(job);
  await mustBeFree(bot, "BOT_PORT");
  await job.household.keep("echo bot", () => startEchoBot(bot, signingSecret));
}

export const echoBotUrl = (job: Job): string => `http://127.0.0.1:${portsOf(job).bot}/`;

export const stateDirOf = (job: Job, part: string): string =>
  join(job.folder, ".state", `setup-${portsOf(job).gateway}`, part);

/** What is served is what would be deployed. @throws Trouble if it can't be built */
export function ensureBundle(worker: WorkerName): void {
  if (!isStale(worker)) return;
  try {
    bundle(worker);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Trouble("build_failed", words, "Run `npm ci`, put right what it says, and run it again.");
  }
}

/** @throws Trouble if somebody listens there: what they answer would be taken for ours */
export function mustBeFree(port: number, variable: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const how = `End what listens there, or set ${variable} to another one.`;
    server.once("error", () => reject(new Trouble("port_in_use", `Port ${port} is in use.`, how)));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
