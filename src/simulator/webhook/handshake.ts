import { withPatience } from "./patience.ts";

/** What a webhook made of Meta's verification request. */
export interface HandshakeResult {
  readonly ok: boolean;
  readonly status: number | null;
  /** What to do about it, or that all is well. */
  readonly message: string;
}

/**
 * Verifies the webhook as Meta does when it is entered in the app's dashboard: a GET with a challenge, which must
 * come back as the whole body of a 200.
 *
 * @see https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
 */
export async function verifyWebhook(webhookUrl: string, verifyToken: string): Promise<HandshakeResult> {
  const challenge = String(1_000_000_000 + Math.floor(Math.random() * 9_000_000_000));
  const url = new URL(webhookUrl);
  url.searchParams.set("hub.mode", "subscribe");
  url.searchParams.set("hub.challenge", challenge);
  url.searchParams.set("hub.verify_token", verifyToken);
  try {
    const { status, body } = await withPatience(async (signal) => {
      const response = await fetch(url, { redirect: "manual", signal });
      return { status: response.status, body: await response.text() };
    });
    if (status === 403) return { ok: false, status, message: "Refused: compare the two verify tokens." };
    if (status !== 200) return { ok: false, status, message: `Expected status 200, got ${status}.` };
    if (body !== challenge) {
      return { ok: false, status, message: "The answer must be the challenge and nothing else." };
    }
    return { ok: true, status, message: "The webhook is verified." };
  } catch {
    return { ok: false, status: null, message: "The webhook cannot be reached: is the gateway running?" };
  }
}
