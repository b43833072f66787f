const encoder = new TextEncoder();

/**
 * @returns The hex HMAC of the text's UTF-8 bytes, keyed with the app secret: Meta's webhook signature with
 *   SHA-256, its legacy twin with SHA-1, and, over an access token, the `appsecret_proof`.
 */
export async function hexHmac(hash: "SHA-256" | "SHA-1", secret: string, text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash }, false, [
    "sign",
  ]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns The headers Meta sends with a webhook POST of this body. */
export async function webhookHeaders(secret: string, body: string): Promise<Record<string, string>> {
  const [sha256, sha1] = await Promise.all([
    hexHmac("SHA-256", secret, body),
    hexHmac("SHA-1", secret, body),
  ]);
  return {
    "Content-Type": "application/json",
    "User-Agent": "facebookexternalua",
    "X-Hub-Signature": `sha1=${sha1}`,
    "X-Hub-Signature-256": `sha256=${sha256}`,
  };
}
