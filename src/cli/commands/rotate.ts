import * as z from "zod/mini";
import { again, graphOf, type Job } from "../job.ts";
import { checkApp, type MetaApp } from "../meta/app.ts";
import { subscriptionOf } from "../meta/webhook.ts";
import { MADE, make, newestOf, type Overlapping, secretsWithin, succeeded } from "../places/secrets.ts";
import { apiAt } from "../steps/admin.ts";
import { theApp } from "../steps/app.ts";
import { newPages } from "../steps/pages.ts";
import { wantedSettings } from "../steps/settings.ts";
import { notRegistered, register } from "../steps/webhook.ts";
import type { Rotation } from "../terminal/flags.ts";
import { Trouble } from "../terminal/trouble.ts";

/**
 * A new secret for an old one. Where others have to be told, the old one is accepted beside it until `--finish`; until
 * then nobody who still has the old one is turned away.
 */

const OVERLAPPING: Partial<Record<Rotation, Overlapping>> = {
  "signing-secret": "BOT_SIGNING_SECRET",
  "sealing-key": "SEALING_KEY",
  "api-keys": "API_KEYS",
  "app-secret": "META_APP_SECRET",
};

/** What is left to do by hand. */
const NEXT: Partial<Record<Rotation, string>> = {
  "signing-secret": "Give the bot the new one",
  "api-keys": "Give everybody who calls the gateway their new key",
  "sealing-key": "Links to attachments under the old one are good for seven days",
  "app-secret":
    "Wait until Meta has no webhooks left that were signed with the old one, a day and a half at most",
};

/** @param url where the gateway answers */
export async function rotate(
  job: Job,
  what: Rotation,
  isFinish: boolean,
  url: string | undefined,
): Promise<void> {
  const name = OVERLAPPING[what];
  if (name === undefined) {
    if (isFinish) throw new Trouble("flags_contradict", `${what} has no second step.`, "Leave --finish out.");
    return what === "verify-token" ? rotateVerifyToken(job) : rotatePageToken(job);
  }
  return isFinish ? finish(job, what, name, url) : begin(job, what, name);
}

async function begin(job: Job, what: Rotation, name: Overlapping): Promise<void> {
  const { record, report } = job;
  const since = record.contents.rotating[what];
  if (since !== undefined) {
    throw new Trouble(
      "rotation_open",
      `${what} is being rotated since ${since}.`,
      `End that first: ${again(job, `--rotate=${what} --finish`)}`,
    );
  }
  const successor = name === "META_APP_SECRET" ? await newAppSecret(job) : undefined;
  const value = succeeded(name, valueNow(job, name), successor);
  await write(job, name, value);
  record.change({ rotating: { ...record.contents.rotating, [what]: new Date().toISOString().slice(0, 10) } });
  report.step("Rotation", "done", `${name}: the new one first, the old one behind it (${job.place.title})`);
  report.say();
  tellOfRestart(job);
  if (name !== "META_APP_SECRET") report.say(`  New        ${again(job, "--show-secrets")}`);
  report.say(`  Then       ${NEXT[what]}.`);
  report.say(`  At last    ${again(job, `--rotate=${what} --finish`)}`);
}

async function finish(job: Job, what: Rotation, name: Overlapping, url: string | undefined): Promise<void> {
  const { record, report } = job;
  // Of the app's secret, nothing is kept here but at Cloudflare: the current one is given again.
  const isGiven = name === "META_APP_SECRET" && !job.place.known().has(name);
  const now = isGiven ? `${await newAppSecret(job)},` : valueNow(job, name);
  const value = newestOf(name, now);
  if (value === now) {
    report.step("Rotation", "good", `${name}: there is but one`);
  } else {
    if (name === "SEALING_KEY") await resealAll(job, url);
    await write(job, name, value);
    report.step("Rotation", "done", `${name}: only the new one is accepted (${job.place.title})`);
    tellOfRestart(job);
  }
  const { [what]: _, ...rotating } = record.contents.rotating;
  record.change({ rotating });
}

/** Cloudflare starts a Worker anew by itself. */
function tellOfRestart({ flags, report }: Job): void {
  if (flags.place === "local") report.say("  The gateway on this machine takes it when it starts anew.");
}

const resealedSchema = z.object({
  resealed: z.number(),
  unopened: z.array(z.string()),
  next_cursor: z.nullable(z.string()),
});

/** Nothing may be left under a key that goes. */
async function resealAll(job: Job, url: string | undefined): Promise<void> {
  const api = url === undefined ? undefined : apiAt(job, url, job.place.known().get("API_KEYS"));
  if (!api) {
    const what = "The gateway has to seal its tokens anew first, and its admin key isn't known here.";
    throw new Trouble("no_admin_key", what, "Set MESSENGATE_API_KEY, and run it again.");
  }
  const how = "The gateway must run, with the new key; run it again then.";
  let count = 0;
  let cursor: string | null = null;
  do {
    const body: { cursor?: string } = cursor === null ? {} : { cursor };
    const done = await api.call("/channels.reseal", body, resealedSchema);
    if (!done.ok) {
      const what = `The gateway couldn't seal its tokens anew: ${done.code}: ${done.detail}`;
      throw new Trouble("gateway_refused", what, how);
    }
    if (done.value.unopened.length > 0) {
      const what = `Tokens of the channels ${done.value.unopened.join(", ")} can't be opened.`;
      throw new Trouble("gateway_refused", what, "Connect those pages again, and run it again.");
    }
    count += done.value.resealed;
    cursor = done.value.next_cursor;
  } while (cursor !== null);
  job.report.step("Tokens", "done", `${count} sealed anew under the new key`);
}

/** What Cloudflare has can't be read back; only what is kept here, or given. */
function valueNow({ place, given }: Job, name: Overlapping): string {
  const old = name === "META_APP_SECRET" ? given.variable("META_APP_SECRET_OLD") : given.variable(name);
  const value = place.known().get(name) ?? old;
  if (value !== undefined) return value;
  const variable = name === "META_APP_SECRET" ? "META_APP_SECRET_OLD" : name;
  throw new Trouble(
    "old_value_unknown",
    `The present ${name} isn't known here, and would no longer be accepted.`,
    `Set ${variable} to it, and run it again.`,
  );
}

async function newAppSecret(job: Job): Promise<string> {
  const secret =
    job.given.appSecret() ??
    (await job.ask.secret({
      message: "The new app secret (App settings › Basic):",
      how: "Set META_APP_SECRET, or give --app-secret-env NAME or --app-secret-file PATH.",
    }));
  job.report.conceal(secret);
  const id = job.flags.appId ?? job.given.variable("META_APP_ID") ?? job.place.known().get("META_APP_ID");
  if (id === undefined) throw new Trouble("answer_missing", "The app's id isn't known.", "Give --app-id.");
  await checkApp(graphOf(job), { id, secret });
  return secret;
}

async function write(job: Job, name: string, value: string): Promise<void> {
  job.report.conceal(...secretsWithin(value));
  await job.place.write({ secrets: new Map([[name, value]]), made: MADE, variables: new Map() });
}

/** Only the handshake asks for it: it is written, and Meta told to shake hands again. */
async function rotateVerifyToken(job: Job): Promise<void> {
  const app: MetaApp = await theApp(job);
  const token = make("META_VERIFY_TOKEN");
  await write(job, "META_VERIFY_TOKEN", token);
  job.report.step("Rotation", "done", `META_VERIFY_TOKEN is new (${job.place.title})`);
  const now = await subscriptionOf(graphOf(job), app);
  if (!now) return job.report.step("Webhook", "skipped", "the app has no webhook", "Set up.");
  if (job.flags.place === "local") {
    return job.report.step(
      "Webhook",
      "skipped",
      "the gateway takes it when it starts anew",
      "Set up; the subscription that stands goes on meanwhile.",
    );
  }
  const done = await register(job, app, now, token);
  if (!done.ok) throw notRegistered(now.callbackUrl, done);
  return job.report.step("Webhook", "done", "Meta's handshake came back with it");
}

async function rotatePageToken(job: Job): Promise<void> {
  const app = await theApp(job);
  const target = { app, pages: await newPages(job, app), config: undefined, bot: undefined };
  const { changes } = wantedSettings(job, target, () => undefined);
  const secrets = new Map([...changes.secrets].filter(([name]) => name.startsWith("PAGE_ACCESS_TOKEN")));
  const written = await job.place.write({ secrets, made: [], variables: new Map() });
  const isNew = written.secrets.length > 0;
  const text = isNew ? `wrote ${written.secrets.join(", ")}` : "the token is the same";
  job.report.step("Rotation", isNew ? "done" : "good", `${text} (${job.place.title})`);
  if (isNew) tellOfRestart(job);
}
