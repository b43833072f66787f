import * as z from "zod/mini";
import type { MetaApp } from "./app.ts";
import { type Graph, type GraphResult, refused, withProof } from "./graph.ts";

/** Which of a page's events the app gets. */

interface PageAccess {
  id: string;
  token: string;
}

const appsSchema = z.object({
  data: z.array(
    z.object({
      id: z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
      subscribed_fields: z.optional(z.array(z.string())),
    }),
  ),
});
const doneSchema = z.object({ success: z.union([z.literal(true), z.literal("true")]) });

/** @returns the fields of the page that the app is subscribed to */
export async function fieldsOfPage(graph: Graph, app: MetaApp, page: PageAccess): Promise<string[]> {
  const credentials = withProof(page.token, app.secret);
  const answer = await graph.call("GET", `${page.id}/subscribed_apps`, {}, credentials, appsSchema);
  if (!answer.ok)
    throw refused(
      `The subscriptions of page ${page.id} couldn't be read`,
      answer,
      "The token needs pages_manage_metadata.",
    );
  return answer.value.data.find(({ id }) => id === app.id)?.subscribed_fields ?? [];
}

/** Replaces the fields. */
export function subscribePage(
  graph: Graph,
  app: MetaApp,
  page: PageAccess,
  fields: readonly string[],
): Promise<GraphResult<unknown>> {
  const parameters = { subscribed_fields: fields.join(",") };
  const credentials = withProof(page.token, app.secret);
  return graph.call("POST", `${page.id}/subscribed_apps`, parameters, credentials, doneSchema);
}

/** No event of the page reaches the app any more. */
export function unsubscribePage(graph: Graph, app: MetaApp, page: PageAccess): Promise<GraphResult<unknown>> {
  const credentials = withProof(page.token, app.secret);
  return graph.call("DELETE", `${page.id}/subscribed_apps`, {}, credentials, doneSchema);
}
