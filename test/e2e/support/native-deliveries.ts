import { Webhook } from "standardwebhooks";
import { PAGE } from "../../fixtures/events.ts";

/** Deliveries of the native protocol, made and signed without the gateway. */

export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const NEXT_SECRET = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;

export interface Answer {
  messages?: { text?: string; quick_replies?: { payload: string }[] }[];
  state?: unknown;
  state_version?: number;
  handover?: string;
}

export const event = (type: string, raw: unknown) => ({ id: "m_1", type, timestamp: Date.now(), raw });

/** A delivery's body, as docs/bot-protocol.md has it. */
export const deliveryOf = (events: unknown[], state: unknown = null, stateVersion = 0): string =>
  JSON.stringify({
    type: "conversation.events",
    timestamp: new Date().toISOString(),
    data: {
      conversation: {
        id: `${PAGE}_7001`,
        page_id: PAGE,
        user_id: "7001",
        platform: "messenger",
        window: { closes_at: null },
        owner: "bot",
        profile: null,
        state,
        state_version: stateVersion,
      },
      events,
    },
  });

let count = 0;

/** Posts a body to a bot. By default it is signed well; `signed` is what is signed in its place. */
export function post(
  url: string,
  body: string,
  { id = `msg_${++count}`, secret = SIGNING_SECRET, at = new Date(), signed = body } = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, at, signed),
    },
    body,
  });
}

/** What a bot must refuse: another secret, another body, another time, no signature at all. */
export function forgeries(url: string, body: string): Promise<Response[]> {
  const stale = new Date(Date.now() - 10 * 60_000);
  return Promise.all([
    post(url, body, { secret: `whsec_${Buffer.alloc(32, 9).toString("base64")}` }),
    post(url, body, { signed: `${body} ` }),
    post(url, body, { at: stale }),
    fetch(url, { method: "POST", body }),
  ]);
}
