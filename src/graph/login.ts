import * as z from "zod/mini";
import { afterMs, neverLeft, readAnswer, withoutSecrets } from "./answer.ts";
import type { GraphPlace, NamedApp } from "./app-token.ts";
import type { CallFailure, CallResult } from "./client.ts";
import { judge } from "./errors.ts";
import { reading } from "./reading.ts";

/**
 * How a person lets the app look after their pages.
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */

const TIMEOUT_MS = 10_000;

interface Dialog {
  facebookUrl: string;
  version: string;
  appId: string;
  redirectUri: string;
  state: string;
  /** PKCE's, by S256 (RFC 7636 §4.2). */
  challenge: string;
  /** What is asked for: permissions by name, or a configuration of Login for Business. */
  wish: { scopes: readonly string[] } | { configId: string };
}

/** Where the person is asked. */
export function dialogUrl({
  facebookUrl,
  version,
  appId,
  redirectUri,
  state,
  challenge,
  wish,
}: Dialog): string {
  const query = new URLSearchParams({
    client_id: appId,
    redirect_uri: redirectUri,
    state,
    response_type: "code",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...("configId" in wish
      ? { config_id: wish.configId }
      : // Who has declined something before is asked again.
        { scope: wish.scopes.join(","), auth_type: "rerequest" }),
  });
  return `${facebookUrl}/${version}/dialog/oauth?${query}`;
}

type Tokened = { ok: true; value: { access_token: string } } | CallFailure;

const tokenSchema = z.looseObject({ access_token: z.string().check(z.minLength(1)) });

/** What the code that came back is worth: the person's token. A code is good once, for some minutes. */
export function exchangeCode(
  place: GraphPlace,
  app: NamedApp,
  { code, redirectUri, verifier }: { code: string; redirectUri: string; verifier: string },
): Promise<Tokened> {
  return exchange(place, app, { code, redirect_uri: redirectUri, code_verifier: verifier }, [code, verifier]);
}

/**
 * A person's token that is good for some 60 days, for one that is good for an hour or two. Pages' tokens made from it don't
 * expire.
 */
export function longLived(place: GraphPlace, app: NamedApp, token: string): Promise<Tokened> {
  return exchange(place, app, { grant_type: "fb_exchange_token", fb_exchange_token: token }, [token]);
}

/** Everything goes in the body: what is secret doesn't belong into a URL. @param secrets struck out of Meta's words */
async function exchange(
  { url, version }: GraphPlace,
  { id, secrets: [secret] }: NamedApp,
  fields: Record<string, string>,
  secrets: readonly string[],
): Promise<Tokened> {
  const init = {
    method: "POST",
    body: new URLSearchParams({ client_id: id, client_secret: secret, ...fields }),
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  } as const;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/${version}/oauth/access_token`, init);
    text = await response.text();
  } catch (error) {
    const [code, reason] = neverLeft(error)
      ? (["temporary", "Graph could not be reached"] as const)
      : (["no_answer", "no answer from Graph"] as const);
    return { ok: false, status: null, code, reason, isFinal: false };
  }
  const answer = readAnswer(text, secret);
  // Whatever the status: Graph has been seen to put errors into a 200.
  const said = answer.ok ? answer : readAnswer(withoutSecrets(text, secrets), secret);
  return reading(resultOf(response, said), tokenSchema);
}

function resultOf({ ok, status, headers }: Response, answer: ReturnType<typeof readAnswer>): CallResult {
  if (ok && answer.ok) return answer;
  const error = answer.ok ? undefined : answer.error;
  const outcome = judge(status, error, afterMs(headers));
  return {
    ok: false,
    status,
    code: "code" in outcome ? outcome.code : "no_answer",
    reason: "reason" in outcome ? outcome.reason : "the answer was not Graph's",
    isFinal: outcome.kind === "failed",
    ...(error ? { error } : {}),
  };
}
