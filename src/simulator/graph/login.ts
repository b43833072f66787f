import * as z from "zod/mini";
import type { Rooms } from "../rooms.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import { shapeError } from "./shape-checks.ts";

/** How long the tokens are good that codes are exchanged for, in seconds. */
const SHORT_LIVED_S = 3_600;
/** How long Meta's long-lived user tokens are good, in seconds: some 60 days. */
const LONG_LIVED_S = 5_184_000;

const exchangeSchema = z.object({
  client_id: z.pipe(z.union([z.string(), z.int()]), z.transform(String)),
  client_secret: z.string(),
  redirect_uri: z.exactOptional(z.string()),
  code: z.exactOptional(z.string()),
  code_verifier: z.exactOptional(z.string()),
  grant_type: z.exactOptional(z.enum(["fb_exchange_token", "client_credentials", "authorization_code"])),
  fb_exchange_token: z.exactOptional(z.string()),
});

/**
 * `/oauth/access_token`: a code for a user token, a user token for a long-lived one, or the app's own.
 *
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */
export async function accessToken(rooms: Rooms, version: string, parameters: Parameters): Promise<Response> {
  const parsed = exchangeSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const { client_id, client_secret, grant_type, code, redirect_uri, code_verifier, fb_exchange_token } =
    parsed.data;
  const { appId, appSecret } = rooms.environment;
  if (client_id !== appId || client_secret !== appSecret)
    return graphErrorAnswer(version, graphErrors.badApp);
  if (grant_type === "client_credentials") {
    return graphAnswer(version, { access_token: `${appId}|${appSecret}`, token_type: "bearer" });
  }
  const now = rooms.clock.now();
  const isExchange = grant_type === "fb_exchange_token";
  const agreed = isExchange
    ? rooms.logins.userToken(fb_exchange_token ?? "", now)
    : await rooms.logins.spendCode(code ?? "", redirect_uri ?? "", code_verifier);
  if (!agreed) return graphErrorAnswer(version, isExchange ? graphErrors.badToken : graphErrors.badCode);
  const expires_in = isExchange ? LONG_LIVED_S : SHORT_LIVED_S;
  const token = { scopes: agreed.scopes, expiresAt: now + expires_in * 1000 };
  return graphAnswer(version, {
    access_token: rooms.logins.newUserToken(token),
    token_type: "bearer",
    expires_in,
  });
}
