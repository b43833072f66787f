import type { Config } from "../env.ts";
import type { NamedApp } from "../graph/app-token.ts";
import { type AppSubscription, appSubscriptions, CALLBACK_FAILED, subscribeApp } from "./app-webhook.ts";
import { missingIn, NEEDED, USUAL, union, type WebhookObject } from "./fields.ts";
import { type Finding, isVerdict, missedBy, refusedToApp, type SubscribedFields } from "./finding.ts";
import type { Problem } from "./problems.ts";

/** What is known of an app before it is checked. */
export interface AppSubject {
  app: NamedApp;
  /** The kinds of objects that have channels under it. */
  objects: readonly WebhookObject[];
  /** The fields it was subscribed to when it was seen last. */
  fields: SubscribedFields;
}

type Settings = Pick<Config, "graph" | "apps" | "publicUrl">;

/**
 * Whether Meta takes the app's secret, and sends its events here. A subscription that is gone or lacks fields is made
 * again, if it is known where "here" is; one that leads elsewhere isn't touched.
 */
export async function checkApp(config: Settings, subject: AppSubject): Promise<Finding> {
  const found = await appSubscriptions(config.graph, subject.app);
  if (!found.ok) {
    if (!isVerdict(found)) return missedBy(found);
    return { kind: "checked", problems: [refusedToApp(found)], fields: {} };
  }
  const problems: Problem[] = [];
  const fields: SubscribedFields = {};
  for (const object of subject.objects) {
    const now = found.value.find((one) => one.object === object && one.callbackUrl !== "");
    const seen = await checkObject(config, subject, object, now);
    problems.push(...seen.problems);
    if (seen.fields.length > 0) fields[object] = seen.fields;
  }
  return { kind: "checked", problems, fields };
}

interface Seen {
  problems: Problem[];
  /** Those subscribed now; empty: none. */
  fields: readonly string[];
}

async function checkObject(
  config: Settings,
  { app, fields: known }: AppSubject,
  object: WebhookObject,
  now: AppSubscription | undefined,
): Promise<Seen> {
  const ours = callbacksOf(config, app);
  if (now && ours && !ours.includes(plain(now.callbackUrl))) {
    return { problems: [{ code: "callback_elsewhere", about: now.callbackUrl }], fields: [] };
  }
  const before = now?.isActive ? now.fields : [];
  const missing = missingIn(before, object);
  if (now?.isActive && missing.length === 0) return { problems: [], fields: before };
  const problem: Problem = now?.isActive
    ? { code: "fields_missing", about: missing.join(", ") }
    : { code: "app_not_subscribed", about: object };
  const [usual] = ours ?? [];
  if (usual === undefined) return { problems: [problem], fields: before };

  const wanted = union(now?.fields ?? known[object] ?? USUAL[object], NEEDED[object]);
  const callbackUrl = now ? now.callbackUrl : usual;
  let fields = wanted;
  let done = await subscribeApp(config.graph, app, object, { callbackUrl, fields });
  if (!done.ok && done.isFinal && !now) {
    // One field that Meta doesn't know, or doesn't permit, is enough to refuse all.
    fields = [...NEEDED[object]];
    done = await subscribeApp(config.graph, app, object, { callbackUrl, fields });
  }
  if (done.ok) return { problems: [{ ...problem, isRepaired: true }], fields };
  const { error, reason } = done;
  const problems: Problem[] =
    error?.code === CALLBACK_FAILED
      ? [problem, { code: "callback_unverified", about: callbackUrl, reason }]
      : [{ ...problem, reason }];
  return { problems, fields: before };
}

/** Where the app's events may go to arrive here, the usual one first; `undefined`: it isn't known where we are. */
function callbacksOf({ publicUrl, apps }: Settings, { id }: NamedApp): string[] | undefined {
  if (publicUrl === undefined) return undefined;
  const common = `${plain(publicUrl)}/webhook`;
  const own = `${common}/${id}`;
  return apps.length > 1 ? [own, common] : [common, own];
}

const plain = (url: string): string => url.replace(/\/+$/, "");
