import { graphOf, isLoopback, type Job, localUrl, settingOf } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import { type GraphFailure, type GraphResult, refused } from "../meta/graph.ts";
import { type AppSubscription, missingFields, subscribeApp, subscriptionOf } from "../meta/webhook.ts";
import { Trouble } from "../terminal/trouble.ts";
import { until } from "../terminal/until.ts";
import { fieldsWanted, subscribed } from "./fields.ts";

/** Telling Meta where the app's webhooks go. */

/**
 * Where Meta can reach the gateway; a gateway on this machine only a Graph of this machine can, unless there is a tunnel.
 * @param url where this side reaches it
 */
export function callbackOf(job: Job, url: string): string | undefined {
  if (job.flags.place !== "local") return `${url}/webhook`;
  const given = settingOf(job, "PUBLIC_URL")?.replace(/\/+$/, "");
  if (given !== undefined) return `${given}/webhook`;
  return isLoopback(graphOf(job).root) ? `${localUrl(job)}/webhook` : undefined;
}

/** How the app's subscription stands against what is wanted. */
export type WebhookFinding =
  | { state: "good"; fields: number }
  | { state: "missing" | "elsewhere"; now: AppSubscription | undefined };

export async function lookAtWebhook(job: Job, app: MetaApp, callback: string): Promise<WebhookFinding> {
  const now = await subscriptionOf(graphOf(job), app);
  if (now && now.callbackUrl !== callback) return { state: "elsewhere", now };
  if (!now || missingFields(now.fields, fieldsWanted(job)).length > 0) return { state: "missing", now };
  return { state: "good", fields: now.fields.length };
}

/** @param verifyToken `undefined`: it is in the Worker alone */
export async function theWebhook(
  job: Job,
  app: MetaApp,
  url: string,
  verifyToken: string | undefined,
): Promise<void> {
  const { report } = job;
  const callback = callbackOf(job, url);
  if (callback === undefined) {
    const how = `Open a tunnel to ${localUrl(job)}, and give its address with --public-url.`;
    report.step("Webhook", "skipped", "Meta can't reach this machine", how);
    return;
  }
  const finding = await lookAtWebhook(job, app, callback);
  if (finding.state === "good") {
    report.step("Webhook", "good", `${callback} is subscribed to ${finding.fields} fields`);
    return;
  }
  const { now } = finding;
  if (finding.state === "elsewhere" && now) {
    const message = `The app's webhooks go to ${now.callbackUrl} now, for all of its pages. Let them go to ${callback}?`;
    const how = "Give --yes to replace it; or use an app of its own for each gateway.";
    if (!(await confirmed(job, message, how))) {
      throw new Trouble("webhook_elsewhere", `The app's webhooks go to ${now.callbackUrl}.`, how);
    }
  }
  // What others rely on at the same address stays.
  const kept = finding.state === "missing" ? (now?.fields ?? []) : [];
  const done = await subscribed(job, kept, (fields) =>
    register(job, app, { callbackUrl: callback, fields }, verifyToken ?? ""),
  );
  if (!done.ok) throw notRegistered(callback, done);
  await mustBeThere(job, app, callback);
  const before =
    now && now.callbackUrl !== callback ? now.callbackUrl : (job.record.contents.webhook?.before ?? null);
  job.record.change({ webhook: { app: app.id, callback_url: callback, before } });
  const { fields } = done.value;
  report.step(
    "Webhook",
    "done",
    `Meta's handshake came back; ${callback} is subscribed to ${fields.length} fields`,
  );
}

async function confirmed(job: Job, message: string, how: string): Promise<boolean> {
  try {
    return await job.ask.confirm({ message, how });
  } catch (error) {
    if (error instanceof Trouble && error.code === "answer_missing") return false;
    throw error;
  }
}

/** Meta's number for a callback that didn't come back. */
const CALLBACK_FAILED = 2200;

/** A verify token that was written just now isn't everywhere at once. */
const HANDSHAKE_LIMIT_MS = 60_000;

/** Subscribes the app, again and again while the handshake may still be answered with the verify token before. */
export async function register(
  job: Job,
  app: MetaApp,
  subscription: AppSubscription,
  verifyToken: string,
): Promise<GraphResult<unknown>> {
  const graph = graphOf(job);
  const attempt = () => subscribeApp(graph, app, subscription, verifyToken);
  const first = await attempt();
  if (!isFailedHandshake(first) || isLoopback(graph.root)) return first;
  const later = await until(
    async () => {
      const result = await attempt();
      return isFailedHandshake(result) ? undefined : result;
    },
    HANDSHAKE_LIMIT_MS,
    5000,
  );
  return later ?? first;
}

const isFailedHandshake = (result: GraphResult<unknown>): boolean =>
  !result.ok && result.code === CALLBACK_FAILED;

/** Why the webhook isn't where it should be, and the way out. */
export function notRegistered(callback: string, failure: GraphFailure): Trouble {
  const what = "The webhook couldn't be registered";
  if (!isFailedHandshake(failure)) {
    return refused(
      what,
      failure,
      "Leave the field that it names out with --fields, or add what it asks for to the app.",
    );
  }
  const how = `Look whether ${callback} can be reached from outside, and run it again; --rotate=verify-token makes a new verify token.`;
  return new Trouble("handshake_failed", refused(what, failure, how).message, how);
}

/** A yes is good, having it is better. */
async function mustBeThere(job: Job, app: MetaApp, callback: string): Promise<void> {
  const now = await subscriptionOf(graphOf(job), app);
  if (now?.callbackUrl === callback) return;
  const how = "Run it again; look at the app's dashboard under Webhooks.";
  throw new Trouble("handshake_failed", "Meta said yes, but has no such subscription.", how);
}
