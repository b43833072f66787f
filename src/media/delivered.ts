import { waitUntil } from "cloudflare:workers";
import type { DeliverWork, MediaLink } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import { type Attachment, attachmentsIn, takenBackIn } from "./attachments.ts";
import { copyMedia } from "./copies.ts";
import { canHaveMedia, keyOf, type MediaRef, signedLink } from "./link.ts";

/** Copies beyond these are made when they are asked for: a run has bounds on its calls (the free plan, 50). */
const MAX_COPIES = 10;

/** What a mid is known of: its raw text is found again by that. */
const WITH_MEDIA: ReadonlySet<string> = new Set(["message", "echo"]);

type Events = DeliverWork["events"];
interface Wanted {
  ref: MediaRef;
  attachment: Attachment;
}

/**
 * Gives a delivery's events links to their attachments, and has copies made while the bot is asked. Nobody waits for
 * them, and none that fails costs the delivery anything: it is made again with the next attempt, or when its link is used.
 * @returns the events as they are if copies aren't kept
 */
export async function eventsWithMedia(config: Config, work: DeliverWork): Promise<Events> {
  const { media } = config;
  if (!media) return work.events;
  const { id } = work.conversation;
  const wanted: Wanted[] = [];
  const events: Events = [];
  const takenBack = work.events.filter(({ type }) => type === "unsend").map(({ raw }) => takenBackIn(raw));
  for (const event of work.events) {
    const isKept = WITH_MEDIA.has(event.type) && canHaveMedia(id, event.id) && !takenBack.includes(event.id);
    const found = isKept ? attachmentsIn(event.raw) : [];
    const links: MediaLink[] = [];
    for (const attachment of found) {
      const { index, type } = attachment;
      const ref = { conversation: id, event: event.id, index };
      wanted.push({ ref, attachment });
      links.push({ index, type, url: await signedLink(ref, media.origin, config, Date.now()) });
    }
    events.push(links.length === 0 ? event : { ...event, media: links });
  }
  if (wanted.length > 0) waitUntil(keep(media.bucket, wanted.slice(0, MAX_COPIES), work.attempt > 1));
  return events;
}

/** One after another: the bot's call has the way to itself but for one. */
async function keep(bucket: R2Bucket, wanted: Wanted[], mayBeThere: boolean): Promise<void> {
  for (const { ref, attachment } of wanted) {
    const reason = await missing(bucket, ref, attachment, mayBeThere);
    if (reason === undefined) continue;
    // Without the address: who has it has the file.
    console.warn({ event: "media_not_copied", conversation: ref.conversation, id: ref.event, reason });
  }
}

/** @returns why there is no copy, if so */
async function missing(
  bucket: R2Bucket,
  ref: MediaRef,
  attachment: Attachment,
  mayBeThere: boolean,
): Promise<string | undefined> {
  try {
    if (mayBeThere && (await bucket.head(keyOf(ref)))) return undefined;
    const copied = await copyMedia(bucket, ref, attachment);
    return copied.ok ? undefined : copied.reason;
  } catch (error) {
    return String(error);
  }
}
