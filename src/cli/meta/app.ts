import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";
import type { Credentials, Graph } from "./graph.ts";

/** The Meta app, and whether its id and secret belong together. */
export interface MetaApp {
  id: string;
  secret: string;
}

/** The app's own token. It is the secret in another form. */
export const asApp = ({ id, secret }: MetaApp): Credentials => ({ token: `${id}|${secret}` });

const tokenSchema = z.object({
  data: z.object({ is_valid: z.optional(z.boolean()), application: z.optional(z.string()) }),
});

/**
 * @returns the app's name
 * @throws Trouble if Meta doesn't take them
 */
export async function checkApp(graph: Graph, app: MetaApp): Promise<string> {
  const credentials = asApp(app);
  const about = { input_token: credentials.token };
  const answer = await graph.call("GET", "debug_token", about, credentials, tokenSchema);
  if (answer.ok && answer.value.data.is_valid !== false) return answer.value.data.application ?? app.id;
  const words = answer.ok ? "" : ` Meta says “${answer.message}” (${answer.code}).`;
  const how =
    "Both stand in the app's dashboard under App settings › Basic. A secret that was reset there is no longer good.";
  throw new Trouble("app_secret_wrong", `The secret isn't that of app ${app.id}.${words}`, how);
}
