/** Meta's side of a webhook, for tests in any runtime. */

export async function signature(body: string | Uint8Array<ArrayBuffer>, appSecret: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(appSecret), algorithm, false, ["sign"]);
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
  return `sha256=${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export async function signedPost(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  appSecret: string,
): Promise<Request> {
  return new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": await signature(body, appSecret) },
    body,
  });
}
