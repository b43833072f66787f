import type { ChannelWorld } from "../channels/connect.ts";
import { type App, type Config, configOf } from "../env.ts";
import { isNamed } from "../graph/app-token.ts";
import {
  appSubject,
  type CheckDue,
  type CheckNote,
  type PageCheck,
  pageSubject,
} from "../pages/directory/check.ts";
import { directoryOf } from "../pages/served.ts";
import { checkApp } from "./app.ts";
import type { Finding } from "./finding.ts";
import { checkPage } from "./page.ts";
import { nameOf } from "./problems.ts";

/**
 * Pages checked in one go. A page takes four subrequests (its object twice, Meta twice), seven if its subscription is made
 * again, and an invocation may make 1000, on the Free plan 50: there a round ends by itself after some ten pages, and the
 * next one takes the others.
 */
const PAGES_AT_ONCE = 200;
/** Pages checked at the same time; what they came to is noted before the next ones' turn. */
const TOGETHER = 5;

/** What the cron trigger does. @param now when it was due, ms */
export async function selfCheck(env: Cloudflare.Env, now: number): Promise<void> {
  const settings = configOf(env);
  if (settings.ok) await checkDue({ config: settings.config, env }, now);
  else console.error({ event: "self_check_without_settings" });
}

/**
 * Checks the apps, and the pages whose last check was longest ago. Ends early when Meta can't be reached at all, or this
 * invocation may ask for no more.
 * @returns the pages whose turn it was
 */
export async function checkDue(world: ChannelWorld, now: number, atMost = PAGES_AT_ONCE): Promise<string[]> {
  const due = await directoryOf(world.env).dueChecks(secretsOf(world.config), atMost);
  await checkApps(world, world.config.apps, due, now);
  const done: string[] = [];
  for (let at = 0; at < due.pages.length; at += TOGETHER) {
    const together = due.pages.slice(at, at + TOGETHER);
    let isThrough = false;
    try {
      isThrough = await checkTogether(world, together, now);
      done.push(...together.map(({ page }) => page));
    } catch (error) {
      console.error({ event: "check_failed", error: String(error) });
    }
    if (!isThrough) {
      console.error({ event: "self_check_cut_short", pages: due.pages.length - done.length });
      break;
    }
  }
  return done;
}

/** Checks a page and its app now. @returns whether the page is served */
export async function checkNow(world: ChannelWorld, page: string, app: App, now: number): Promise<boolean> {
  const due = await directoryOf(world.env).checkOf(page, secretsOf(world.config));
  if (due.pages.length === 0) return false;
  await checkApps(world, [app], due, now);
  await checkTogether(world, due.pages, now);
  return true;
}

/** The pages in the secrets, for the directory, which doesn't know them. */
export const secretsOf = ({ pageTokens }: Config): string[] => [...pageTokens.keys()];

async function checkApps(
  { config, env }: ChannelWorld,
  apps: readonly App[],
  { apps: before, instagramApps }: CheckDue,
  at: number,
): Promise<void> {
  const [{ id: first }] = config.apps;
  const notes: CheckNote[] = [];
  for (const app of apps.filter(isNamed)) {
    const hasInstagram = instagramApps.some((one) => (one ?? first) === app.id);
    const finding = await checkApp(config, {
      app,
      objects: hasInstagram ? ["page", "instagram"] : ["page"],
      fields: before.get(app.id)?.fields ?? {},
    });
    notes.push({ subject: appSubject(app.id), at, finding });
  }
  await note(env, notes);
}

/** @returns whether Meta was reached for any of them @throws when what was found couldn't be noted */
async function checkTogether(world: ChannelWorld, pages: PageCheck[], at: number): Promise<boolean> {
  const notes = await Promise.all(
    pages.map(async (one) => ({
      subject: pageSubject(one.page),
      at,
      finding: await checkPage(world, one, at).catch(brokenOff),
    })),
  );
  await note(world.env, notes);
  return notes.some(isReached);
}

function brokenOff(error: unknown): Finding {
  console.error({ event: "check_failed", error: String(error) });
  return { kind: "missed", problem: { code: "check_failed" }, isReached: false };
}

const isReached = ({ finding }: CheckNote): boolean => finding.kind !== "missed" || finding.isReached;

/** Notes what was found, and logs what is news. */
async function note(env: ChannelWorld["env"], notes: CheckNote[]): Promise<void> {
  if (notes.length === 0) return;
  const news = new Set(await directoryOf(env).noteChecks(notes));
  for (const { subject, finding } of notes) {
    if (finding.kind !== "checked") continue;
    const problems = finding.problems.filter(({ isRepaired }) => !isRepaired).map(nameOf);
    const repaired = finding.problems.filter(({ isRepaired }) => isRepaired).map(nameOf);
    if (repaired.length > 0) console.warn({ event: "check_repaired", subject, problems: repaired });
    if (!news.has(subject)) continue;
    if (problems.length > 0) console.error({ event: "check_found", subject, problems });
    else console.log({ event: "check_good", subject });
  }
}
