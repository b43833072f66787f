import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { Household } from "../../scripts/parts.ts";
import { rotate } from "./commands/rotate.ts";
import { setUp } from "./commands/set-up.ts";
import { showSecrets } from "./commands/show-secrets.ts";
import { status } from "./commands/status.ts";
import { undo } from "./commands/undo.ts";
import { type Job, localUrl } from "./job.ts";
import { LocalPlace } from "./places/local-place.ts";
import { SetupRecord } from "./places/record.ts";
import { hasPlace } from "./places/toml-vars.ts";
import { WorkerPlace } from "./places/worker-place.ts";
import { Wrangler } from "./places/wrangler.ts";
import { isSimulatorUp, playedIn, startMeta } from "./steps/simulator.ts";
import { type Ask, askNobody, askPerson } from "./terminal/ask.ts";
import { type Flags, readFlags } from "./terminal/flags.ts";
import { Given } from "./terminal/given.ts";
import { HELP } from "./terminal/help.ts";
import { Report } from "./terminal/report.ts";
import { Trouble } from "./terminal/trouble.ts";
import type { World } from "./terminal/world.ts";

export interface Outcome {
  /** 0: all is well; 1: it isn't; 2: the flags can't be. */
  code: number;
  /** What was started goes on until it is ended. */
  isStaying: boolean;
}

/** Runs `npm run setup` with these flags. */
export async function main(argv: readonly string[], world: World): Promise<Outcome> {
  let flags: Flags;
  try {
    flags = readFlags(argv);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    world.errors.write(`${error.code}: ${error.message}\n→ ${error.how}\n`);
    return { code: 2, isStaying: false };
  }
  if (flags.command.name === "help") {
    world.output.write(`${HELP}\n`);
    return { code: 0, isStaying: false };
  }
  const report = new Report(forPeople(flags, world));
  const household = new Household(
    (text) => report.say(text.trimEnd()),
    (error) => report.say(error instanceof Error ? error.message : String(error)),
  );
  world.onStart(() => household.end());
  const result = await attempt(flags, world, report, household);
  if (flags.isJson) world.output.write(`${JSON.stringify(documentOf(flags, report, result), null, 2)}\n`);
  const isStaying =
    result.code === 0 && flags.command.name === "setup" && flags.place === "local" && !flags.isCheck;
  if (isStaying) report.say("\n  Ctrl-C ends it.\n");
  return { code: result.code, isStaying };
}

interface Result {
  code: number;
  url: string | undefined;
  trouble: Trouble | undefined;
}

async function attempt(flags: Flags, world: World, report: Report, household: Household): Promise<Result> {
  try {
    const { isOk, url } = await carryOut(flags, world, report, household);
    return { code: isOk ? 0 : 1, url, trouble: undefined };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    report.say();
    report.step("Stopped", "failed", `${error.message} [${error.code}]`, error.how);
    return { code: 1, url: undefined, trouble: error };
  }
}

async function carryOut(
  flags: Flags,
  world: World,
  report: Report,
  household: Household,
): Promise<{ isOk: boolean; url: string | undefined }> {
  const { folder, environment } = world;
  const given = new Given(flags, environment, folder);
  const record = new SetupRecord(folder, flags.place);
  const ask =
    flags.isSilent || !world.isAttended
      ? askNobody(flags.isConfirmed)
      : askPerson(world.input, forPeople(flags, world), flags.isConfirmed);
  const wrangler = flags.place === "local" ? undefined : await loggedIn(flags, folder, given, ask);
  const place =
    wrangler && flags.place !== "local"
      ? await WorkerPlace.at(folder, flags.place, wrangler, record)
      : new LocalPlace(folder);
  const job: Job = {
    flags,
    given,
    ask,
    report,
    place,
    record,
    folder,
    environment,
    household,
    played: undefined,
  };
  const { command } = flags;
  if (command.name === "setup") return { isOk: true, url: await setUp(job, wrangler) };
  if (command.name === "show-secrets") {
    await showSecrets(job, world.output);
    return { isOk: true, url: undefined };
  }
  const url = flags.place === "local" ? localUrl(job) : (flags.publicUrl ?? record.contents.deployed?.url);
  const withMeta = await metaFor(job);
  if (command.name === "status") return { isOk: await status(withMeta, url), url };
  if (command.name === "undo") await undo(withMeta, url);
  if (command.name === "rotate") await rotate(withMeta, command.what, command.isFinish, url);
  return { isOk: true, url };
}

/** Where programs read from standard output, people read beside it. */
const forPeople = ({ isJson, command }: Flags, { output, errors }: World): Writable =>
  isJson || command.name === "show-secrets" ? errors : output;

/** The simulator that runs already, or else started for the time of this command. */
async function metaFor(job: Job): Promise<Job> {
  if (!job.flags.isSimulated) return job;
  const played = playedIn(job);
  job.report.conceal(played.app.secret, played.page.token);
  if (!(await isSimulatorUp(job))) await startMeta(job, played);
  return { ...job, played };
}

/** @throws Trouble if wrangler has nobody's account to work in, or no such environment */
async function loggedIn(flags: Flags, folder: string, given: Given, ask: Ask): Promise<Wrangler | undefined> {
  if (flags.place === "local") return undefined;
  mustHavePlace(folder, flags.place);
  const wrangler = new Wrangler(folder, flags.place, given.environmentForOthers());
  if ((await wrangler.whoami()) !== undefined) return wrangler;
  const how = "Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID).";
  const wants = ask.isPossible && (await ask.confirm({ message: "Log in at Cloudflare now?", how }));
  if (wants) {
    await wrangler.login();
    if ((await wrangler.whoami()) !== undefined) return wrangler;
  }
  throw new Trouble("not_logged_in", "wrangler isn't logged in at Cloudflare.", how);
}

function mustHavePlace(folder: string, place: "staging" | "production"): void {
  let toml: string;
  try {
    toml = readFileSync(join(folder, "wrangler.toml"), "utf8");
  } catch {
    throw new Trouble(
      "no_such_environment",
      "There is no wrangler.toml here.",
      "Run it in Messengate's folder.",
    );
  }
  if (hasPlace(toml, place)) return;
  throw new Trouble(
    "no_such_environment",
    `wrangler.toml has no [env.${place}].`,
    "docs/deploying.md, “Staging”, has its lines.",
  );
}

function documentOf({ command, place }: Flags, report: Report, { code, url, trouble }: Result) {
  return {
    ok: code === 0,
    command: command.name,
    place,
    url: url ?? null,
    steps: report.lines,
    trouble: trouble
      ? { code: trouble.code, problem: report.clean(trouble.message), how: trouble.how }
      : null,
  };
}
