/** What Meta posts when a person turns away from an app. */

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** @param payload JSON text, or what is signed in it beside the algorithm */
export async function signedRequest(
  payload: string | Record<string, unknown>,
  secret: string,
): Promise<string> {
  const text =
    typeof payload === "string" ? payload : JSON.stringify({ algorithm: "HMAC-SHA256", ...payload });
  const encoder = new TextEncoder();
  const content = base64url(encoder.encode(text));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(content)));
  return `${base64url(signature)}.${content}`;
}

/** The form in which it comes. */
export async function posting(
  path: string,
  payload: Record<string, unknown>,
  secret: string,
): Promise<Request> {
  const form = new URLSearchParams({ signed_request: await signedRequest(payload, secret) });
  return new Request(`https://gateway.invalid${path}`, { method: "POST", body: form });
}
