import * as z from "zod/mini";
import type { Rooms } from "../rooms.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import { shapeError, webAddress } from "./shape-checks.ts";

/** How long Meta's long-lived user tokens are good, in seconds: some 60 days. Here they do not end. */
const LONG_LIVED_S = 5_184_000;

const id = z.pipe(z.union([z.string(), z.int()]), z.transform(String));
const dialogSchema = z.object({
  client_id: id,
  redirect_uri: webAddress,
  state: z.exactOptional(z.string()),
});
const exchangeSchema = z.object({
  client_id: id,
  client_secret: z.string(),
  redirect_uri: z.exactOptional(z.string()),
  code: z.exactOptional(z.string()),
  grant_type: z.exactOptional(z.enum(["fb_exchange_token", "client_credentials", "authorization_code"])),
  fb_exchange_token: z.exactOptional(z.string()),
});

/** `GET /dialog/oauth`, the page on which a person would agree: here they do at once, and are sent back. */
export function loginDialog(rooms: Rooms, version: string, parameters: Parameters): Response {
  const parsed = dialogSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { client_id, redirect_uri, state } = parsed.data;
  if (client_id !== rooms.environment.appId) return graphErrorAnswer(version, graphErrors.badApp);
  const back = new URL(redirect_uri);
  back.searchParams.set("code", rooms.logins.newCode(redirect_uri));
  if (state !== undefined) back.searchParams.set("state", state);
  return new Response(null, { status: 302, headers: { Location: back.href } });
}

/**
 * `GET /oauth/access_token`: a code for a user token, a user token for a long-lived one, or the app's own.
 *
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */
export function accessToken(rooms: Rooms, version: string, parameters: Parameters): Response {
  const parsed = exchangeSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { client_id, client_secret, grant_type, code, redirect_uri, fb_exchange_token } = parsed.data;
  const { appId, appSecret } = rooms.environment;
  if (client_id !== appId || client_secret !== appSecret)
    return graphErrorAnswer(version, graphErrors.badApp);
  if (grant_type === "client_credentials") {
    return graphAnswer(version, { access_token: `${appId}|${appSecret}`, token_type: "bearer" });
  }
  const isGood =
    grant_type === "fb_exchange_token"
      ? rooms.logins.isUserToken(fb_exchange_token ?? "")
      : rooms.logins.spendCode(code ?? "", redirect_uri ?? "");
  if (!isGood) return graphErrorAnswer(version, graphErrors.badCode);
  const access_token = rooms.logins.newUserToken();
  return graphAnswer(version, { access_token, token_type: "bearer", expires_in: LONG_LIVED_S });
}
