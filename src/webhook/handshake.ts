import { problem } from "../problem.ts";
import { encode } from "../utf8.ts";

/**
 * Meta's check that we own the callback URL.
 * @param verifyTokens those of the apps that may register it; all are compared, in constant time
 * @returns 200 with the challenge as plain text; 400 when a parameter is missing; 403 when mode or token is wrong.
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
 */
export async function answerHandshake(
  query: URLSearchParams,
  verifyTokens: readonly string[],
): Promise<Response> {
  const mode = query.get("hub.mode");
  const challenge = query.get("hub.challenge");
  const token = query.get("hub.verify_token");
  if (mode === null || challenge === null || token === null) {
    return problem({
      status: 400,
      code: "handshake_incomplete",
      detail: "Meta's handshake carries hub.mode, hub.challenge and hub.verify_token; one is missing.",
    });
  }
  const matches = await Promise.all(verifyTokens.map((one) => isSameText(token, one)));
  if (mode !== "subscribe" || !matches.includes(true)) {
    return problem({
      status: 403,
      code: "verify_token_mismatch",
      detail:
        "hub.mode is not subscribe, or hub.verify_token is not the one in META_VERIFY_TOKEN (or META_APPS).",
    });
  }
  return new Response(challenge, {
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

/** Constant-time in both texts' contents and lengths: equal-length digests are compared, not the texts. */
async function isSameText(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([
    crypto.subtle.digest("SHA-256", encode(one)),
    crypto.subtle.digest("SHA-256", encode(other)),
  ]);
  return crypto.subtle.timingSafeEqual(a, b);
}
