import { hmacKey } from "../hmac.ts";
import { encode } from "../utf8.ts";

/**
 * Standard Webhooks headers for a body: `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, one
 * `v1,<base64>` per key, so that a bot can rotate its secret without a gap.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function signedHeaders(
  id: string,
  timestampSeconds: number,
  body: string,
  keys: readonly Uint8Array<ArrayBuffer>[],
): Promise<Record<string, string>> {
  const content = encode(`${id}.${timestampSeconds}.${body}`);
  const signatures = await Promise.all(
    keys.map(async (key) => {
      const signature = await crypto.subtle.sign("HMAC", await hmacKey(key), content);
      return `v1,${new Uint8Array(signature).toBase64()}`;
    }),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}
