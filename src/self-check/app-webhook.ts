import * as z from "zod/mini";
import { withoutSecrets } from "../graph/answer.ts";
import { type GraphPlace, graphAs, type NamedApp } from "../graph/app-token.ts";
import type { CallFailure, CallResult, GraphClient } from "../graph/client.ts";
import { reading } from "../graph/reading.ts";
import type { WebhookObject } from "./fields.ts";

/**
 * Where Meta sends an app's events. Asked in the app's own name.
 * @see https://developers.facebook.com/docs/graph-api/reference/application/subscriptions
 */

export interface AppSubscription {
  object: string;
  callbackUrl: string;
  isActive: boolean;
  fields: string[];
}

const fieldSchema = z.union([
  z.string(),
  z.pipe(
    z.looseObject({ name: z.string() }),
    z.transform(({ name }) => name),
  ),
]);
const listSchema = z.object({
  data: z.array(
    z.looseObject({
      object: z.string(),
      callback_url: z.catch(z.string(), ""),
      active: z.catch(z.boolean(), true),
      fields: z.catch(z.array(fieldSchema), []),
    }),
  ),
});

export async function appSubscriptions(
  place: GraphPlace,
  app: NamedApp,
): Promise<{ ok: true; value: AppSubscription[] } | CallFailure> {
  const answer = reading(await itself(place, app).call("GET", pathOf(app)), listSchema);
  if (!answer.ok) return answer;
  const value = answer.value.data.map(({ object, callback_url, active, fields }) => ({
    object,
    callbackUrl: callback_url,
    isActive: active,
    fields,
  }));
  return { ok: true, value };
}

/** Meta calls the address at once, and takes it only if its handshake comes back ({@link CALLBACK_FAILED}). Replaces what was. */
export async function subscribeApp(
  place: GraphPlace,
  app: NamedApp,
  object: WebhookObject,
  { callbackUrl, fields }: { callbackUrl: string; fields: readonly string[] },
): Promise<CallResult> {
  const body = {
    object,
    callback_url: callbackUrl,
    verify_token: app.verifyToken,
    fields: fields.join(","),
  };
  const result = await itself(place, app).call("POST", pathOf(app), { body });
  return result.ok ? result : { ...result, reason: withoutSecrets(result.reason, [app.verifyToken]) };
}

/** Meta's number for a callback that didn't come back. */
export const CALLBACK_FAILED = 2200;

const itself = (place: GraphPlace, app: NamedApp): GraphClient =>
  graphAs(place, app, `${app.id}|${app.secrets[0]}`);

const pathOf = ({ id }: NamedApp): string => `${encodeURIComponent(id)}/subscriptions`;
