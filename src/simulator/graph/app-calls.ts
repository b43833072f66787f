import * as z from "zod/mini";
import type { Json } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { ALL_FIELDS } from "../subscriptions.ts";
import type { WebhookObject } from "../webhook/envelope.ts";
import { verifyWebhook } from "../webhook/handshake.ts";
import { personDoor } from "./accounts.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";
import { idsForPages, personIn } from "./ids-for-pages.ts";
import type { Parameters } from "./parameters.ts";
import { shapeError, webAddress } from "./shape-checks.ts";
import { listOf } from "./subscribed-apps.ts";

/** A call that is not made with a page's token: it is the app's, or that of the person who manages the pages. */
export interface AppCall {
  readonly rooms: Rooms;
  readonly method: string;
  readonly version: string;
  readonly path: string;
  readonly parameters: Parameters;
  readonly token: string;
  /** Of the simulator, for addresses that lead back to it. */
  readonly origin: string;
}

const objectSchema = z.enum(["page", "instagram"]);
const subscriptionSchema = z.object({
  object: objectSchema,
  callback_url: webAddress,
  verify_token: z.string(),
  fields: z.union([z.string(), z.array(z.string())]),
});
const OBJECTS: readonly WebhookObject[] = ["page", "instagram"];

/** @returns The answer, or null if the path is none of the app's. */
export async function appDoor(call: AppCall): Promise<Response | null> {
  const { rooms, method, version, path, token } = call;
  const appToken = `${rooms.environment.appId}|${rooms.environment.appSecret}`;
  if (path === "debug_token" && method === "GET") {
    return token === appToken ? debugToken(call) : graphErrorAnswer(version, graphErrors.badToken);
  }
  if (path === `${rooms.environment.appId}/subscriptions`) {
    return token === appToken ? await subscriptions(call) : graphErrorAnswer(version, graphErrors.badToken);
  }
  const asked = personIn(path);
  if (asked !== undefined && method === "GET") {
    return token === appToken
      ? await idsForPages(call, asked)
      : graphErrorAnswer(version, graphErrors.badToken);
  }
  const person = rooms.logins.userToken(token, rooms.clock.now());
  return person && personDoor(call, person);
}

/** `GET /debug_token`. @see https://developers.facebook.com/docs/graph-api/reference/debug_token */
function debugToken({ rooms, version, parameters: { input_token } }: AppCall): Response {
  const { appId, appSecret } = rooms.environment;
  const page = rooms.pages.ofToken(input_token);
  const common = { app_id: appId, application: "Simulated app", is_valid: true };
  if (page) {
    const expiry = { expires_at: 0, data_access_expires_at: 0 };
    const { scopes } = rooms.pages.settings(page.id);
    const data = { ...common, type: "PAGE", ...expiry, profile_id: page.id, scopes };
    return graphAnswer(version, { data });
  }
  if (input_token === `${appId}|${appSecret}`) {
    return graphAnswer(version, { data: { ...common, type: "APP", scopes: [] } });
  }
  const person = typeof input_token === "string" && rooms.logins.userToken(input_token, rooms.clock.now());
  if (person) {
    const { scopes, expiresAt } = person;
    const data = { ...common, type: "USER", user_id: "1", expires_at: Math.floor(expiresAt / 1000), scopes };
    return graphAnswer(version, { data });
  }
  const error = { code: 190, message: "Invalid OAuth access token." };
  return graphAnswer(version, { data: { is_valid: false, error, scopes: [] } });
}

/** `/{app-id}/subscriptions`: where the app's webhook is. Meta performs the handshake before it believes it. */
async function subscriptions({ rooms, method, version, parameters }: AppCall): Promise<Response> {
  const store = rooms.subscriptions;
  if (method === "GET") {
    const data = OBJECTS.flatMap((object): Json[] => {
      const one = store.ofApp(object);
      if (!one) return [];
      const fields = one.fields.map((name) => ({ name, version }));
      return [{ object, callback_url: one.callbackUrl, active: true, fields }];
    });
    return graphAnswer(version, { data });
  }
  if (method === "DELETE") {
    const object = objectSchema.safeParse(parameters["object"]);
    for (const one of object.success ? [object.data] : OBJECTS) store.setApp(one, null);
    return graphAnswer(version, { success: true });
  }
  const parsed = subscriptionSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { object, callback_url, verify_token } = parsed.data;
  const fields = listOf(parsed.data.fields);
  const unknown = fields.find((field) => !ALL_FIELDS.includes(field));
  if (unknown !== undefined) {
    return graphErrorAnswer(version, graphErrors.badParameter(`Param fields: unknown field ${unknown}`));
  }
  const handshake = await verifyWebhook(callback_url, verify_token);
  if (!handshake.ok) return graphErrorAnswer(version, graphErrors.callbackFailed(handshake.message));
  store.setApp(object, { callbackUrl: callback_url, fields });
  return graphAnswer(version, { success: true });
}
