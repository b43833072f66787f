import type { Page } from "../environment.ts";
import type { Rooms } from "../rooms.ts";
import { hexHmac } from "../webhook/signature.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";

export type TokenCheck =
  | { readonly ok: true; readonly page: Page }
  | { readonly ok: false; readonly error: GraphError };

/**
 * Finds the page whose token the call carries: as `access_token` in query or body, or as a bearer. An
 * `appsecret_proof`, if given or required by the page's settings, must be right: hex HMAC-SHA256 of the token,
 * keyed with the app secret.
 *
 * @param node The first part of the path; without a token Meta answers differently for `me`.
 */
export async function checkToken(
  { environment, pages }: Rooms,
  request: Request,
  parameters: Parameters,
  node: string,
): Promise<TokenCheck> {
  const token = tokenOf(request, parameters);
  const { appsecret_proof: proof } = parameters;
  if (token === "") {
    return { ok: false, error: node === "me" ? graphErrors.noTokenForMe : graphErrors.noToken };
  }
  const page = pages.ofToken(token);
  if (!page) {
    const wasGood = environment.pages.some((one) => one.token === token);
    return { ok: false, error: wasGood ? graphErrors.revokedToken : graphErrors.badToken };
  }
  if (proof === undefined && pages.settings(page.id).appsecret_proof_required) {
    return { ok: false, error: graphErrors.noProof };
  }
  if (proof !== undefined && proof !== (await hexHmac("SHA-256", environment.appSecret, token))) {
    return { ok: false, error: graphErrors.badProof };
  }
  return { ok: true, page };
}

/** @returns The token a call carries, or "" if it carries none. */
export function tokenOf(request: Request, { access_token }: Parameters): string {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  return typeof access_token === "string" ? access_token : (bearer ?? "");
}
