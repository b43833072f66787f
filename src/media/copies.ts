import type { ConversationId } from "../ids.ts";
import type { Attachment } from "./attachments.ts";
import { keyOf, type MediaRef, prefixOf, refIn } from "./link.ts";
import { fetchOriginal, MAX_MEDIA_BYTES, type OriginalTrouble } from "./original.ts";

/** The copies of attachments in R2, under `media/<conversation>/<event>/<place>`. */

export type Copied = { ok: true; copy: R2Object } | { ok: false; reason: OriginalTrouble };

/**
 * Copies an attachment from Meta, as it streams in. A copy is there whole or not at all; making it again changes nothing.
 * @returns the copy, or why there is none
 */
export async function copyMedia(bucket: R2Bucket, ref: MediaRef, attachment: Attachment): Promise<Copied> {
  const original = await fetchOriginal(attachment);
  if (!original.ok) return original;
  const { body, length, contentType } = original;
  const put = (contents: ReadableStream | Blob) =>
    bucket.put(keyOf(ref), contents, {
      httpMetadata: { contentType },
      customMetadata: { name: nameIn(attachment.url) },
    });
  try {
    // R2 has to know the length beforehand. Meta tells it; what doesn't is held until it is known.
    if (length === undefined) {
      const contents = await readLimited(body);
      return contents ? { ok: true, copy: await put(contents) } : { ok: false, reason: "too_large" };
    }
    const { readable, writable } = new FixedLengthStream(length);
    const [copy] = await Promise.all([put(readable), body.pipeTo(writable)]);
    return { ok: true, copy };
  } catch {
    // It broke off, took too long, wasn't as long as announced, or couldn't be stored: another try may do.
    return { ok: false, reason: "unreachable" };
  }
}

/**
 * Deletes the copies of a conversation's attachments, or those of one of its events. What is made meanwhile may stay.
 * @throws when R2 fails; repeating it is safe
 */
export async function forgetMedia(
  bucket: R2Bucket,
  conversation: ConversationId,
  event?: string,
): Promise<void> {
  const prefix = prefixOf(conversation, event);
  for (;;) {
    const { objects, truncated } = await bucket.list({ prefix });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    if (!truncated) return;
  }
}

/** A copy, by what it is of. */
export interface KeptCopy {
  /** The event's id, and the attachment's place in its list. */
  event: string;
  index: number;
  /** bytes */
  size: number;
  contentType: string | null;
  /** When it was made, ms. */
  at: number;
}

/** The copies there are of a conversation's attachments. @throws when R2 fails */
export async function copiesOf(bucket: R2Bucket, conversation: ConversationId): Promise<KeptCopy[]> {
  const copies: KeptCopy[] = [];
  let cursor: string | undefined;
  do {
    const listed = await bucket.list({
      prefix: prefixOf(conversation),
      include: ["httpMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { key, size, httpMetadata, uploaded } of listed.objects) {
      const ref = refIn(`/${key}`);
      if (!ref) continue;
      const { event, index } = ref;
      copies.push({
        event,
        index,
        size,
        contentType: httpMetadata?.contentType ?? null,
        at: uploaded.getTime(),
      });
    }
    cursor = listed.truncated ? listed.cursor : undefined;
  } while (cursor !== undefined);
  return copies;
}

/** @returns `undefined` when there is more than may be kept */
async function readLimited(body: ReadableStream<Uint8Array>): Promise<Blob | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_MEDIA_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Blob(chunks);
}

/** The file's name as far as the address tells it, in characters that are safe in a header and on every disk. */
function nameIn(url: string): string {
  const last = new URL(url).pathname.split("/").at(-1) ?? "";
  return last.replaceAll(/%[0-9a-f]{2}|[^\w.-]/gi, "_").slice(-100);
}
