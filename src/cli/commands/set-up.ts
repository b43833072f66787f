import { again, type Job, localUrl, simulatorUrl } from "../job.ts";
import { type ConfigFile, readConfigFile } from "../places/config-file.ts";
import { make } from "../places/secrets.ts";
import type { Wrangler } from "../places/wrangler.ts";
import { apiAt, untilKnown } from "../steps/admin.ts";
import { theApp } from "../steps/app.ts";
import { deployed, startHere } from "../steps/gateway.ts";
import { type Pages, thePages } from "../steps/pages.ts";
import { theProfiles } from "../steps/profile.ts";
import { theTest } from "../steps/proof.ts";
import { theBot, told, wantedSettings } from "../steps/settings.ts";
import { echoBotUrl, playedIn, startBot, startMeta } from "../steps/simulator.ts";
import { theSubscriptions } from "../steps/subscription.ts";
import { theWebhook } from "../steps/webhook.ts";
import { Trouble } from "../terminal/trouble.ts";

/**
 * From nothing to a page that answers. Each step looks first and does what is missing, in an order in which whoever is
 * interrupted can begin anew: what is needed later is written down before it is used.
 * @param wrangler for a Worker; `undefined` on this machine
 * @returns where the gateway answers
 */
export async function setUp(job: Job, wrangler: Wrangler | undefined): Promise<string> {
  const config = await readConfigFile(job.folder, job.flags.config);
  return job.flags.isSimulated ? setUpPlayed(job, config) : setUpWith(job, config, wrangler);
}

async function setUpPlayed(job: Job, config: ConfigFile | undefined): Promise<string> {
  const played = playedIn(job);
  job.report.conceal(played.app.secret, played.page.token);
  await startMeta(job, played);
  job.report.step(
    "Simulator",
    "done",
    `${simulatorUrl(job)} plays Meta: app ${played.app.id}, page ${played.page.id}`,
  );
  return setUpWith({ ...job, played }, config, undefined);
}

async function setUpWith(
  job: Job,
  config: ConfigFile | undefined,
  wrangler: Wrangler | undefined,
): Promise<string> {
  const { report, place } = job;
  const app = await theApp(job);
  const pages = await thePages(job, app);
  const bot = await theBot(job);
  await mustGoOn(job, pages, bot);

  const wanted = wantedSettings(job, { app, pages: pages.withToken, config, bot }, make);
  const written = await place.write(wanted.changes);
  const isNew = written.secrets.length + written.variables.length > 0;
  report.step("Settings", isNew ? "done" : "good", told(place, wanted, written));

  if (job.played && bot === echoBotUrl(job)) await startBot(job, wanted.signingSecret ?? "");
  const url = wrangler ? await deployed(job, wrangler) : await startHere(job);
  await theWebhook(job, app, url, wanted.verifyToken);
  const api = apiAt(job, url, wanted.apiKeys);
  if (api && wanted.fresh.includes("API_KEYS") && wrangler) await untilKnown(api);
  await theSubscriptions(job, app, pages, api);
  const ids = [...pages.withToken.map(({ id }) => id), ...pages.sealed];
  await theProfiles(job, api, config, ids);
  await theTest(job, pages.withToken);
  tellTheRest(job, wanted.fresh);
  return url;
}

/** The last moment before anything is changed. With the simulator nothing is at stake. */
async function mustGoOn(job: Job, pages: Pages, bot: string): Promise<void> {
  if (!job.ask.isPossible || job.played) return;
  const count = pages.withToken.length + pages.sealed.length;
  const where =
    job.flags.place === "local" ? "on this machine (.dev.vars)" : `at Cloudflare (${job.place.title})`;
  const message = `Set up the gateway ${where} for ${count === 1 ? "this page" : `these ${count} pages`}, with the bot at ${bot}?`;
  if (await job.ask.confirm({ message, how: "Give --yes." })) return;
  throw new Trouble("cancelled", "Nothing was changed.", "Run it again when you want to.");
}

function tellTheRest(job: Job, fresh: readonly string[]): void {
  const { report, flags } = job;
  report.say();
  if (fresh.includes("BOT_SIGNING_SECRET") && !job.played) {
    report.say(`  Your bot needs BOT_SIGNING_SECRET to check who calls: ${again(job, "--show-secrets")}`);
  }
  if (flags.place === "local") report.say(`  Gateway    ${localUrl(job)}/healthz`);
  if (job.played) report.say(`  Chat       ${simulatorUrl(job)}/`);
  report.say(`  Look       ${again(job, "--status")}`);
  report.say(`  Undo       ${again(job, "--undo")}`);
}
