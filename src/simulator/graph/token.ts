import type { Environment, Page } from "../environment.ts";
import { hexHmac } from "../webhook/signature.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";

export type TokenCheck =
  | { readonly ok: true; readonly page: Page }
  | { readonly ok: false; readonly error: GraphError };

/**
 * Finds the page whose token the call carries: as `access_token` in query or body, or as a bearer. An
 * `appsecret_proof`, if given, must be right: hex HMAC-SHA256 of the token, keyed with the app secret.
 *
 * @param node The first part of the path; without a token Meta answers differently for `me`.
 */
export async function checkToken(
  environment: Environment,
  request: Request,
  parameters: Parameters,
  node: string,
): Promise<TokenCheck> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  const { access_token: token = bearer, appsecret_proof: proof } = parameters;
  if (token === undefined || token === "") {
    return { ok: false, error: node === "me" ? graphErrors.noTokenForMe : graphErrors.noToken };
  }
  const page = environment.pages.find((candidate) => candidate.token === token);
  if (!page) return { ok: false, error: graphErrors.badToken };
  if (proof !== undefined && proof !== (await hexHmac("SHA-256", environment.appSecret, page.token))) {
    return { ok: false, error: graphErrors.badProof };
  }
  return { ok: true, page };
}
