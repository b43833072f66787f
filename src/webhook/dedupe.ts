import { encode } from "../utf8.ts";
import type { EventType, MessengerEvent } from "./events.ts";

export interface Identity {
  /** Unique within its conversation: the same event delivered again has the same key. */
  key: string;
  /** The id the bot sees: Meta's mid where there is one. */
  id: string;
}

/**
 * The identity of an event. Meta redelivers after a slow or failed answer, and sometimes without cause.
 * A mid is not enough: the echo of a message, its edits, its reactions and its removal all carry the message's mid,
 * and the `standby` copy of an event may come beside the `messaging` one.
 */
export async function identify(
  event: MessengerEvent,
  channel: "messaging" | "standby" | "changes" | "entry",
  item: unknown,
): Promise<Identity> {
  const prefix = channel === "messaging" ? "" : `${channel}:`;
  const mid = midOf(event);
  if (mid !== undefined) return { key: `${prefix}${mid.what}:${mid.mid}`, id: mid.mid };
  const hash = await sha256(canonical(item));
  return { key: `${prefix}${hash}`, id: `evt_${hash}` };
}

function midOf(event: MessengerEvent): { what: EventType | "removal"; mid: string } | undefined {
  if (event.type === "message" || event.type === "echo") return { what: event.type, mid: event.value.mid };
  if (event.type === "unsend") return { what: "removal", mid: event.value.mid };
  if (event.type === "postback" && typeof event.value.mid === "string") {
    return { what: "postback", mid: event.value.mid };
  }
  return undefined;
}

/** JSON with sorted keys, so that the same event hashes the same in whatever order its fields come. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encode(text)));
  return digest.slice(0, 16).toHex();
}
