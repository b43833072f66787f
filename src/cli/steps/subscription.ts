import { graphOf, type Job } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import { refused } from "../meta/graph.ts";
import { fieldsOfPage, subscribePage } from "../meta/subscription.ts";
import type { MetaPage } from "../meta/tokens.ts";
import { missingFields } from "../meta/webhook.ts";
import type { GatewayApi } from "../places/gateway-api.ts";
import { Trouble } from "../terminal/trouble.ts";
import { fieldsWanted, subscribed } from "./fields.ts";
import type { Pages } from "./pages.ts";
import { checkNow, tellOfSealed } from "./self-check.ts";

/** Subscribing the pages to the app: only what both are subscribed to arrives. */

/** Fields that the app doesn't get from the page. */
export async function lackingFields(job: Job, app: MetaApp, page: MetaPage): Promise<string[]> {
  return missingFields(await fieldsOfPage(graphOf(job), app, page), fieldsWanted(job));
}

/** @param api with an admin key, if one is known */
export async function theSubscriptions(
  job: Job,
  app: MetaApp,
  pages: Pages,
  api: GatewayApi | undefined,
): Promise<void> {
  for (const page of pages.withToken) await theSubscription(job, app, page);
  for (const id of pages.sealed) {
    const checks = api && (await checkNow(api, id));
    tellOfSealed(job, id, checks?.ok ? checks.value : undefined);
  }
}

async function theSubscription(job: Job, app: MetaApp, page: MetaPage): Promise<void> {
  const { report, record } = job;
  const graph = graphOf(job);
  const now = await fieldsOfPage(graph, app, page);
  if (missingFields(now, fieldsWanted(job)).length === 0) {
    report.step("Subscription", "good", `page ${page.id} is subscribed to ${now.length} fields`);
    return;
  }
  // Noted first: what was begun is to be undone, too.
  record.change({ pages: [...new Set([...record.contents.pages, page.id])] });
  const done = await subscribed(job, now, (fields) => subscribePage(graph, app, page, fields));
  if (!done.ok) {
    const how =
      "The token needs pages_manage_metadata, and a field may need more: leave one out with --fields.";
    throw refused(`Page ${page.id} couldn't be subscribed`, done, how);
  }
  if ((await lackingFields(job, app, page)).length > 0) {
    const how = "Run it again; look at the app's dashboard under Messenger API Settings.";
    throw new Trouble("graph_refused", `Meta said yes, but page ${page.id} isn't subscribed.`, how);
  }
  report.step("Subscription", "done", `page ${page.id} is subscribed to ${done.value.fields.length} fields`);
}
