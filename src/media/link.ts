import type { Config } from "../env.ts";
import { hmacKey } from "../hmac.ts";
import { type ConversationId, partsOf } from "../ids.ts";
import { encode } from "../utf8.ts";

/**
 * Signed links to attachments: who has one may fetch that one file until it expires, and nothing else. The key is made
 * for this purpose alone, so a signature of ours made for anything else is never one of these, nor the other way round.
 */

/** An attachment, by where it stands. */
export interface MediaRef {
  conversation: ConversationId;
  /** The event's id. */
  event: string;
  /** Its place in the event's list. */
  index: number;
}

type Secrets = Pick<Config, "sealingKeys" | "appSecrets">;

const PURPOSE = encode("messengate media link");
/** A week, s: long enough for whoever works through a backlog. */
export const LINK_LIFE_S = 7 * 24 * 60 * 60;
/** R2's own limit, bytes. Meta's ids are far shorter. */
const MAX_KEY_BYTES = 1024;

/** Where a conversation's copies lie, or those of one of its events. */
export const prefixOf = (conversation: ConversationId, event?: string): string =>
  `media/${encodeURIComponent(conversation)}/${event === undefined ? "" : `${encodeURIComponent(event)}/`}`;

/** Where the copy of an attachment lies. */
export const keyOf = ({ conversation, event, index }: MediaRef): string =>
  `${prefixOf(conversation, event)}${index}`;

/** Whether an event's attachments can have keys and links at all: nobody but Meta chooses its id. */
export const canHaveMedia = (conversation: ConversationId, event: string): boolean =>
  conversation.isWellFormed() &&
  event.isWellFormed() &&
  prefixOf(conversation, event).length <= MAX_KEY_BYTES - 3;

/**
 * A link to an attachment that is good for {@link LINK_LIFE_S}.
 * @param origin where this gateway is reached
 * @param now ms
 */
export async function signedLink(
  ref: MediaRef,
  origin: string,
  secrets: Secrets,
  now: number,
): Promise<string> {
  const expires = Math.floor(now / 1000) + LINK_LIFE_S;
  const key = await keyFrom(secrets.sealingKeys[0] ?? secrets.appSecrets[0]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, signedPart(ref, expires)));
  return `${origin}/${keyOf(ref)}?expires=${expires}&signature=${signature.toHex()}`;
}

const PATH = /^\/media\/([^/]+)\/([^/]+)\/(\d{1,3})$/;

/** The attachment that a link's path names; `undefined` for what is no such path. */
export function refIn(pathname: string): MediaRef | undefined {
  const [, conversation = "", event = "", index = ""] = PATH.exec(pathname) ?? [];
  try {
    return {
      conversation: partsOf(decodeURIComponent(conversation)).id,
      event: decodeURIComponent(event),
      index: Number(index),
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether a link is one of ours and still good. A link under any key that is set now counts, so that keys rotate without
 * breaking links; all are tried, in constant time, so that time doesn't tell which matched.
 * @param query the link's `expires` and `signature`
 * @param now ms
 */
export async function judgeLink(
  ref: MediaRef,
  query: URLSearchParams,
  { sealingKeys, appSecrets }: Secrets,
  now: number,
): Promise<"good" | "invalid" | "expired"> {
  const expires = query.get("expires") ?? "";
  const hex = query.get("signature") ?? "";
  if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(hex)) return "invalid";
  const signature = Uint8Array.fromHex(hex);
  const content = signedPart(ref, Number(expires));
  let isOurs = false;
  for (const secret of [...sealingKeys, ...appSecrets]) {
    if (await crypto.subtle.verify("HMAC", await keyFrom(secret), signature, content)) isOurs = true;
  }
  if (!isOurs) return "invalid";
  return Number(expires) * 1000 > now ? "good" : "expired";
}

/** The key's parts are encoded, so that no two links have the same. */
const signedPart = (ref: MediaRef, expires: number): Uint8Array => encode(`${keyOf(ref)}?expires=${expires}`);

async function keyFrom(secret: string | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return hmacKey(new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(secret), PURPOSE)));
}
