import type { CallFailure, GraphClient } from "../graph/client.ts";
import { subscribeToPage } from "../graph/subscriptions.ts";
import type { Source } from "../pages/channel.ts";
import { missingIn, union } from "./fields.ts";
import type { Problem } from "./problems.ts";

/** The app's subscription to a page, as it is now. */
export interface PageSubscription {
  /** With the page's token. */
  graph: GraphClient;
  source: Source;
  /** The page's id; on Instagram that of the page behind the account. */
  facebookPage: string;
  /** Empty: the app isn't on the page. */
  fields: readonly string[];
}

interface Seen {
  problems: Problem[];
  /** Those subscribed now, or last. */
  fields: readonly string[];
}

/**
 * Subscribes the app again where Meta has dropped it, to the fields it had, and to those the gateway can't do without.
 * @param known the fields it had when it was seen last
 * @param isConnected asked before anything is changed: somebody may just be disconnecting the page
 */
export async function checkSubscription(
  { graph, source, facebookPage, fields }: PageSubscription,
  known: readonly string[] | undefined,
  isConnected: () => Promise<boolean>,
): Promise<Seen> {
  // An account's fields are the app's alone; of its page it only takes that the app is there.
  const missing = source === "instagram" ? [] : missingIn(fields, "page");
  if (fields.length > 0 && missing.length === 0) return { problems: [], fields };
  const isDropped = fields.length === 0;
  const problem: Problem = isDropped
    ? { code: "not_subscribed" }
    : { code: "fields_missing", about: missing.join(", ") };
  const before = isDropped ? (known ?? []) : fields;
  if (!(await isConnected())) return { problems: [], fields: before };

  const wanted = union(before, missing);
  let done: { ok: true } | CallFailure =
    before.length > 0
      ? await setFields(graph, facebookPage, wanted)
      : await subscribeToPage(graph, facebookPage);
  // One field that Meta no longer permits is enough to refuse all.
  if (!done.ok && done.isFinal && isDropped && before.length > 0) {
    done = await subscribeToPage(graph, facebookPage);
  }
  if (!done.ok) return { problems: [{ ...problem, reason: done.reason }], fields: before };
  return { problems: [{ ...problem, isRepaired: true }], fields: before.length > 0 ? wanted : [] };
}

/** @see https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps */
const setFields = (graph: GraphClient, page: string, fields: readonly string[]) =>
  graph.call("POST", `${encodeURIComponent(page)}/subscribed_apps`, { body: { subscribed_fields: fields } });
