import * as z from "zod/mini";
import { idSchema } from "./answer.ts";
import type { CallFailure, CallResult, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * Which of a page's events reach the app. Only fields that are subscribed both here and at the app arrive.
 * @see https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
 */

/** Without these a conversation isn't one. */
const NEEDED = [
  "messages",
  "message_echoes",
  "message_deliveries",
  "message_reads",
  "messaging_postbacks",
  "messaging_optins",
  "messaging_referrals",
  "messaging_handovers",
  "messaging_policy_enforcement",
  "messaging_account_linking",
  "standby",
];

/** What a gateway wants to hear of a page: what people do, and what Meta and other apps do to its conversations. */
export const PAGE_FIELDS: readonly string[] = [
  ...NEEDED,
  "message_edits",
  "message_reactions",
  "message_context",
  "response_feedback",
  "messaging_feedback",
  "messaging_customer_information",
  "inbox_labels",
  "feed",
];

export type Subscribed = { ok: true; refused: null | { fields: string[]; reason: string } } | CallFailure;

/**
 * Subscribes the app to a page. Where Meta knows or permits a field no more, those without which nothing works are
 * subscribed alone.
 * @param page the page's id; on Instagram that of the page behind the account
 * @returns which fields were left out, and Meta's words on why
 */
export async function subscribeToPage(graph: GraphClient, page: string): Promise<Subscribed> {
  const all = await subscribe(graph, page, PAGE_FIELDS);
  if (all.ok) return { ok: true, refused: null };
  if (!all.isFinal || (all.code !== "invalid" && all.code !== "permission")) return all;
  const needed = await subscribe(graph, page, NEEDED);
  if (!needed.ok) return needed;
  const fields = PAGE_FIELDS.filter((field) => !NEEDED.includes(field));
  return { ok: true, refused: { fields, reason: all.reason } };
}

const subscribe = (graph: GraphClient, page: string, fields: readonly string[]): Promise<CallResult> =>
  graph.call("POST", pathOf(page), { body: { subscribed_fields: fields } });

/** No event of the page reaches the app any more. */
export const unsubscribeFromPage = (graph: GraphClient, page: string): Promise<CallResult> =>
  graph.call("DELETE", pathOf(page));

const listSchema = z.object({
  data: z.array(
    z.looseObject({ id: z.optional(idSchema), subscribed_fields: z.catch(z.array(z.string()), []) }),
  ),
});

/** The fields the app is subscribed to; none: it isn't on the page. @param app its id, if it is known: there may be other apps */
export async function subscribedFields(
  graph: GraphClient,
  page: string,
  app: string | undefined,
): Promise<{ ok: true; value: string[] } | CallFailure> {
  const answer = reading(await graph.call("GET", pathOf(page)), listSchema);
  if (!answer.ok) return answer;
  const ours = answer.value.data.find(({ id }) => app === undefined || id === app);
  return { ok: true, value: ours?.subscribed_fields ?? [] };
}

const pathOf = (page: string): string => `${encodeURIComponent(page)}/subscribed_apps`;
