import type { OutgoingBody } from "../conversation/work.ts";
import { objectIn, objectsIn } from "./inside.ts";

/**
 * A message's attachment that Meta may keep: uploaded once, it is sent by its id from then on.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
interface ReusableAttachment {
  /** `image`, `video`, `audio` or `file`. */
  type: string;
  url: string;
}

/** @returns the one attachment of a message, if it is given by address and marked `is_reusable` */
export function reusableAttachmentOf(body: OutgoingBody): ReusableAttachment | undefined {
  return placeOf(body)?.attachment;
}

/** @returns the body with the id in place of its reusable attachment's address; the same body if it has none */
export function withAttachmentId(body: OutgoingBody, id: string): OutgoingBody {
  return placeOf(body)?.put(id) ?? body;
}

interface Place {
  attachment: ReusableAttachment;
  put(id: string): OutgoingBody;
}

function placeOf(body: OutgoingBody): Place | undefined {
  const message = objectIn(body, "message");
  const attachment = objectIn(message, "attachment");
  const payload = objectIn(attachment, "payload");
  const wrap = (changed: Record<string, unknown>) => ({
    ...body,
    message: { ...message, attachment: { ...attachment, payload: changed } },
  });

  if (attachment["type"] !== "template") {
    return place(payload, attachment["type"], (file) => wrap(file));
  }
  const [element] = objectsIn(payload, "elements");
  if (payload["template_type"] !== "media" || !element) return undefined;
  return place(element, element["media_type"], (file) => wrap({ ...payload, elements: [file] }));
}

function place(
  file: Record<string, unknown>,
  type: unknown,
  wrap: (file: Record<string, unknown>) => OutgoingBody,
): Place | undefined {
  const { url, is_reusable: isReusable, ...rest } = file;
  if (typeof type !== "string" || typeof url !== "string") return undefined;
  // Meta's own examples have it as text.
  if (isReusable !== true && isReusable !== "true") return undefined;
  return { attachment: { type, url }, put: (id) => wrap({ ...rest, attachment_id: id }) };
}
