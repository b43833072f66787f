import { graphOf, type Job, VARIABLES } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import { refused } from "../meta/graph.ts";
import { unsubscribePage } from "../meta/subscription.ts";
import { subscriptionOf, unsubscribeApp } from "../meta/webhook.ts";
import { theApp } from "../steps/app.ts";
import { type Pages, pagesAtHand } from "../steps/pages.ts";
import { callbackOf } from "../steps/webhook.ts";
import { Trouble } from "../terminal/trouble.ts";

/** Ends what setup began: subscriptions, and secrets if that is wanted. What was received stays where it is. */
export async function undo(job: Job, url: string | undefined): Promise<void> {
  const { ask, flags, place } = job;
  const app = await theApp(job);
  const pages = await pagesAtHand(job, app);
  const message = `End the subscriptions of app ${app.id} and its pages here? Nothing that people write reaches the gateway any more.`;
  if (!(await ask.confirm({ message, how: "Give --yes." }))) {
    throw new Trouble("cancelled", "Nothing was changed.", "Run it again when you want to.");
  }
  const ours =
    job.record.contents.webhook?.callback_url ?? (url === undefined ? undefined : callbackOf(job, url));
  const now = await subscriptionOf(graphOf(job), app);
  const isOurs = now !== undefined && now.callbackUrl === ours;
  if (flags.place !== "local") await takeAway(job, pages);
  await endSubscriptions(job, app, pages, isOurs);
  if (isOurs) await endWebhook(job, app, now.callbackUrl);
  else if (now)
    job.report.step(
      "Webhook",
      "skipped",
      `the app's webhooks go to ${now.callbackUrl}, which isn't this gateway`,
    );
  else job.report.step("Webhook", "good", "the app has no webhook");
  if (flags.isDeletingSecrets || (ask.isPossible && !flags.isConfirmed && (await wantsThemDeleted(job)))) {
    await deleteSecrets(job);
  }
  job.report.say();
  job.report.say(
    flags.place === "local"
      ? "  What the gateway stored is in .state; delete that folder to be rid of it."
      : `  The Worker and what it stored are still there: npx wrangler delete --name ${place.title} removes both for good.`,
  );
}

/** A gateway that can ask Meta finds the subscriptions missing, and makes them again (docs/operations.md). */
async function takeAway(job: Job, { withToken }: Pages): Promise<void> {
  const { place, report } = job;
  const names = ["META_APP_SECRET", ...withToken.map(({ id }) => `PAGE_ACCESS_TOKEN_${id}`)];
  const secrets = new Map(names.map((name): [string, null] => [name, null]));
  const written = await place.write({ secrets, made: [], variables: new Map() });
  if (written.secrets.length === 0) return;
  report.step(
    "Settings",
    "done",
    `took ${written.secrets.join(", ")} from the gateway, which would subscribe again by itself`,
  );
}

/** @param isOurs whether this gateway is all that the app's subscriptions serve, whoever made them */
async function endSubscriptions(job: Job, app: MetaApp, pages: Pages, isOurs: boolean): Promise<void> {
  const { report, record } = job;
  for (const page of pages.withToken) {
    if (!isOurs && !record.contents.pages.includes(page.id)) {
      report.step("Subscription", "skipped", `page ${page.id} wasn't subscribed from here`);
      continue;
    }
    const ended = await unsubscribePage(graphOf(job), app, page);
    if (!ended.ok)
      throw refused(
        `Page ${page.id} couldn't be unsubscribed`,
        ended,
        "Remove the app in the page's settings.",
      );
    record.change({ pages: record.contents.pages.filter((id) => id !== page.id) });
    report.step("Subscription", "done", `page ${page.id} is unsubscribed`);
  }
  for (const id of pages.sealed) {
    const how = "Give its token again, or remove the app in the page's settings.";
    report.step("Subscription", "unknown", `page ${id}: its token is in the Worker alone`, how);
  }
}

async function endWebhook(job: Job, app: MetaApp, callback: string): Promise<void> {
  const { report, record } = job;
  const ended = await unsubscribeApp(graphOf(job), app);
  if (!ended.ok)
    throw refused("The webhook couldn't be ended", ended, "Remove it in the app's dashboard under Webhooks.");
  const before = record.contents.webhook?.before ?? null;
  record.change({ webhook: null });
  const how =
    before === null
      ? undefined
      : `Before, they went to ${before}: only whoever has its verify token can bring that back.`;
  report.step("Webhook", "done", `${callback} is no longer called`, how);
}

const wantsThemDeleted = ({ ask, place }: Job): Promise<boolean> =>
  ask.confirm({ message: `Delete the secrets in ${place.title}, too?`, how: "Give --delete-secrets." });

const SECRETS =
  /^(META_APP_SECRET|META_VERIFY_TOKEN|PAGE_ACCESS_TOKENS|PAGE_ACCESS_TOKEN_\d+|BOT_SIGNING_SECRET|API_KEYS|SEALING_KEY)$/;

/** What setup writes there; on this machine its variables, too, which would lead the next run astray. */
const isOurs = (name: string): boolean => SECRETS.test(name) || VARIABLES.some((one) => one === name);

async function deleteSecrets(job: Job): Promise<void> {
  const { report, place, record } = job;
  const names = place.names().filter(isOurs);
  const secrets = new Map(names.map((name): [string, null] => [name, null]));
  if (names.length > 0) await place.write({ secrets, made: [], variables: new Map() });
  record.forget();
  report.step(
    "Settings",
    "done",
    names.length > 0 ? `deleted ${names.join(", ")} (${place.title})` : "there were no secrets",
  );
}
