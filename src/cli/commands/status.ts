import type { Job } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import { type ConfigFile, readConfigFile } from "../places/config-file.ts";
import { type GatewayApi, healthOf } from "../places/gateway-api.ts";
import { apiAt } from "../steps/admin.ts";
import { theApp } from "../steps/app.ts";
import { fingerprintOf } from "../steps/gateway.ts";
import { type Pages, pagesAtHand } from "../steps/pages.ts";
import { inWords, profileCall, wantedProfiles } from "../steps/profile.ts";
import { lastChecks, tellOfSealed } from "../steps/self-check.ts";
import { type WantedSettings, wantedSettings } from "../steps/settings.ts";
import { lackingFields } from "../steps/subscription.ts";
import { callbackOf, lookAtWebhook } from "../steps/webhook.ts";
import type { Mark, Report } from "../terminal/report.ts";
import { Trouble } from "../terminal/trouble.ts";

/**
 * How each step of setting up stands. Changes nothing.
 * @param url where the gateway would answer; `undefined`: it was never deployed from here
 * @returns whether all is well
 */
export async function status(job: Job, url: string | undefined): Promise<boolean> {
  const { report } = job;
  const config = await look(report, "Config", () => readConfigFile(job.folder, job.flags.config));
  const app = await look(report, "App", () => theApp(job));
  const pages = (app && (await look(report, "Page", () => pagesAtHand(job, app)))) ?? {
    withToken: [],
    sealed: [],
  };
  if (app && pages.withToken.length + pages.sealed.length === 0) {
    report.step("Page", "missing", "there is no page", "Set up.");
  }
  const wanted = app && (await look(report, "Settings", async () => settingsStand(job, app, pages, config)));
  await gatewayStands(job, url);
  if (app && url !== undefined) await look(report, "Webhook", () => webhookStands(job, app, url));
  for (const page of pages.withToken) {
    if (!app) break;
    await look(report, "Subscription", async () => {
      const lacking = await lackingFields(job, app, page);
      if (lacking.length === 0) report.step("Subscription", "good", `page ${page.id} is subscribed`);
      else report.step("Subscription", "missing", `page ${page.id} lacks ${lacking.join(", ")}`, "Set up.");
    });
  }
  const api = url === undefined ? undefined : apiAt(job, url, wanted?.apiKeys);
  const checks = api && pages.sealed.length > 0 ? await lastChecks(api) : undefined;
  for (const id of pages.sealed) tellOfSealed(job, id, checks?.ok ? checks.value : undefined);
  await look(report, "Profile", () => profilesStand(job, api, config, pages));
  rotationsStand(job);
  const well: Mark[] = ["good", "skipped"];
  return report.lines.every(({ mark }) => well.includes(mark));
}

/** What can't be looked at doesn't keep the rest from being looked at. */
async function look<Found>(
  report: Report,
  step: string,
  at: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await at();
  } catch (error) {
    if (!(error instanceof Trouble) || error.code === "cancelled") throw error;
    const isUntold = error.code === "answer_missing" || error.code === "graph_unreachable";
    report.step(step, isUntold ? "unknown" : "failed", error.message, error.how);
    return undefined;
  }
}

function settingsStand(job: Job, app: MetaApp, pages: Pages, config: ConfigFile | undefined): WantedSettings {
  const { report, place } = job;
  const target = { app, pages: pages.withToken, config, bot: undefined };
  const wanted = wantedSettings(job, target, () => undefined);
  const names = ["META_APP_SECRET", ...wanted.changes.made, "META_APP_ID", "BOT_URL"];
  const missing = names.filter((name) => !place.has(name));
  const changed = [...wanted.changes.variables].flatMap(([name, value]) =>
    place.has(name) && place.known().get(name) !== value ? [name] : [],
  );
  if (missing.length > 0)
    report.step("Settings", "missing", `${place.title} lacks ${missing.join(", ")}`, "Set up.");
  else if (changed.length > 0)
    report.step("Settings", "missing", `${place.title} has another ${changed.join(", ")}`, "Set up.");
  else report.step("Settings", "good", `all there (${place.title})`);
  return wanted;
}

async function gatewayStands(job: Job, url: string | undefined): Promise<void> {
  const { report, record, flags } = job;
  if (url === undefined)
    return report.step("Gateway", "missing", "it was never deployed from here", "Set up.");
  const health = await healthOf(url);
  if (health.state === "silent")
    return report.step("Gateway", "missing", `nobody answers at ${url}`, "Set up.");
  if (health.state === "not_configured") {
    return report.step("Gateway", "failed", `${url} lacks settings`, health.problems.join("; "));
  }
  const last = record.contents.deployed;
  if (flags.place !== "local" && last?.sources !== fingerprintOf(job.folder)) {
    return report.step(
      "Gateway",
      "missing",
      `${url} is ready, with other sources or settings than these`,
      "Set up, or npm run deploy.",
    );
  }
  return report.step("Gateway", "good", `${url} is ready`);
}

async function webhookStands(job: Job, app: MetaApp, url: string): Promise<void> {
  const { report } = job;
  const callback = callbackOf(job, url);
  if (callback === undefined) return report.step("Webhook", "skipped", "Meta can't reach this machine");
  const finding = await lookAtWebhook(job, app, callback);
  if (finding.state === "good") {
    return report.step("Webhook", "good", `${callback} is subscribed to ${finding.fields} fields`);
  }
  const where = finding.now
    ? `the app's webhooks go to ${finding.now.callbackUrl}`
    : "the app has no webhook";
  const text = finding.state === "elsewhere" ? where : finding.now ? "fields are missing" : where;
  return report.step("Webhook", "missing", text, "Set up.");
}

async function profilesStand(
  { report }: Job,
  api: GatewayApi | undefined,
  config: ConfigFile | undefined,
  pages: Pages,
): Promise<void> {
  const profiles = wantedProfiles(config, [...pages.withToken.map(({ id }) => id), ...pages.sealed]);
  if (profiles.length === 0) return report.step("Profile", "skipped", "no file says anything of it");
  if (!api) {
    return report.step(
      "Profile",
      "unknown",
      "the gateway's admin key isn't known here",
      "Set MESSENGATE_API_KEY.",
    );
  }
  for (const one of profiles) {
    const { changes } = await profileCall(api, "diff", one);
    if (changes.length === 0) report.step("Profile", "good", `page ${one.page} is as the file has it`);
    else
      report.step(
        "Profile",
        "missing",
        `page ${one.page}: ${changes.map(inWords).join(", ")}`,
        "npm run profile -- apply",
      );
  }
}

/** Not finished isn't wrong, but not to be forgotten. */
function rotationsStand({ report, record }: Job): void {
  for (const [what, since] of Object.entries(record.contents.rotating)) {
    report.step(
      "Rotation",
      "skipped",
      `${what}: the old one is accepted, too, since ${since}`,
      `--rotate=${what} --finish ends that.`,
    );
  }
}
