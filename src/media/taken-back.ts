import { waitUntil } from "cloudflare:workers";
import type { IncomingEvent } from "../conversation/incoming.ts";
import type { Config } from "../env.ts";
import type { ConversationId } from "../ids.ts";
import { forgetMedia } from "./copies.ts";
import { canHaveMedia } from "./link.ts";

/**
 * Deletes the copies of messages that were taken back, as soon as that is stored and whoever's turn it is: Meta's terms ask
 * for it. Nobody waits for it, and one that fails is only logged: the link finds no attachment any more.
 */
export function forgetTakenBack(
  { media }: Config,
  conversation: ConversationId,
  events: readonly IncomingEvent[],
): void {
  if (!media) return;
  for (const effect of events.flatMap(({ effects = [] }) => effects)) {
    if (effect.kind === "unsend" && canHaveMedia(conversation, effect.mid)) {
      waitUntil(forget(media.bucket, conversation, effect.mid));
    }
  }
}

async function forget(bucket: R2Bucket, conversation: ConversationId, mid: string): Promise<void> {
  try {
    await forgetMedia(bucket, conversation, mid);
  } catch (error) {
    console.error({ event: "media_not_deleted", conversation, id: mid, error: String(error) });
  }
}
