import * as z from "zod/mini";
import { asApp, type MetaApp } from "./app.ts";
import { type Graph, type GraphResult, refused } from "./graph.ts";

/** Where an app's webhooks go. An app has one address for all its pages. */

const subscriptionsSchema = z.object({
  data: z.array(
    z.object({
      object: z.string(),
      callback_url: z.optional(z.string()),
      active: z.optional(z.boolean()),
      fields: z.optional(z.array(z.union([z.string(), z.object({ name: z.string() })]))),
    }),
  ),
});
/** Meta has been seen to answer with the text, too. */
const doneSchema = z.object({ success: z.union([z.literal(true), z.literal("true")]) });

export interface AppSubscription {
  callbackUrl: string;
  fields: readonly string[];
}

/** @returns where the app's webhooks for pages go now; `undefined`: nowhere */
export async function subscriptionOf(graph: Graph, app: MetaApp): Promise<AppSubscription | undefined> {
  const answer = await graph.call("GET", `${app.id}/subscriptions`, {}, asApp(app), subscriptionsSchema);
  if (!answer.ok)
    throw refused("The app's webhook couldn't be read", answer, "Add the Messenger product to the app.");
  const one = answer.value.data.find(({ object }) => object === "page");
  if (one?.callback_url === undefined || one.active === false) return undefined;
  const fields = (one.fields ?? []).map((field) => (typeof field === "string" ? field : field.name));
  return { callbackUrl: one.callback_url, fields };
}

/** Those that are subscribed stay. @returns those that are still to be */
export const missingFields = (fields: readonly string[], wanted: readonly string[]): string[] =>
  wanted.filter((field) => !fields.includes(field));

/** Meta calls the address at once, and takes it only if the handshake comes back. */
export function subscribeApp(
  graph: Graph,
  app: MetaApp,
  { callbackUrl, fields }: AppSubscription,
  verifyToken: string,
): Promise<GraphResult<unknown>> {
  const parameters = {
    object: "page",
    callback_url: callbackUrl,
    verify_token: verifyToken,
    fields: fields.join(","),
  };
  return graph.call("POST", `${app.id}/subscriptions`, parameters, asApp(app), doneSchema);
}

export function unsubscribeApp(graph: Graph, app: MetaApp): Promise<GraphResult<unknown>> {
  return graph.call("DELETE", `${app.id}/subscriptions`, { object: "page" }, asApp(app), doneSchema);
}
