import { type JsonObject, plain } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import type { GraphCall } from "./call.ts";
import { type GraphError, graphErrors } from "./errors.ts";
import type { OutgoingMessage } from "./send-shape.ts";

const MEGABYTE = 1024 * 1024;
const MAX_BYTES = 25 * MEGABYTE;
const MAX_IMAGE_BYTES = 8 * MEGABYTE;

/** A medium by its source: an address Meta fetches, an upload, or an earlier upload's id. */
export interface Medium {
  readonly type: string;
  readonly url?: string;
  readonly attachment_id?: string;
  readonly is_reusable?: boolean;
}

/** @returns The media of a message, each with the parameter it stands in. */
function mediaOf({ attachment, attachments }: OutgoingMessage): { medium: Medium; parameter: string }[] {
  if (attachments) {
    return attachments.map(({ type, payload }, index) => ({
      medium: { type, ...payload },
      parameter: `message[attachments][${index}][payload]`,
    }));
  }
  if (!attachment || attachment.type === "like_heart") return [];
  const parameter = "message[attachment][payload]";
  if (attachment.type !== "template") {
    return [{ medium: { type: attachment.type, ...attachment.payload }, parameter }];
  }
  if (attachment.payload.template_type !== "media") return [];
  return attachment.payload.elements.map(({ media_type, url, attachment_id }) => ({
    medium: {
      type: media_type,
      ...(url === undefined ? {} : { url }),
      ...(attachment_id === undefined ? {} : { attachment_id }),
    },
    parameter,
  }));
}

/** @returns Meta's error if a medium has no source, or one that is not there or of another type; else null. */
export function mediaForbidden(
  { rooms, page, filedata }: GraphCall,
  message: OutgoingMessage,
): GraphError | null {
  for (const { medium, parameter } of mediaOf(message)) {
    const error = mediumForbidden(rooms, page.id, medium, filedata, parameter);
    if (error) return error;
  }
  return null;
}

/** The same for one medium. */
export function mediumForbidden(
  { attachments }: Rooms,
  pageId: string,
  { type, url, attachment_id }: Medium,
  filedata: File | null,
  parameter: string,
): GraphError | null {
  if (attachment_id !== undefined) {
    const attachment = attachments.find(pageId, attachment_id);
    if (!attachment) return graphErrors.noSuchAttachment(attachment_id);
    return attachment.type === type ? null : graphErrors.wrongType;
  }
  if (url !== undefined) return null;
  if (!filedata) return graphErrors.badParameter(`Param ${parameter} must have url or attachment_id`);
  if (type !== "file" && filedata.type !== "" && !filedata.type.startsWith(`${type}/`)) {
    return graphErrors.wrongType;
  }
  return filedata.size > (type === "image" ? MAX_IMAGE_BYTES : MAX_BYTES) ? graphErrors.tooLarge : null;
}

/**
 * Fetches what is to be fetched, as far as the simulator does: it counts.
 *
 * @returns The id of the attachment, if one was sent to be reused.
 */
export function takeMedia({ rooms, page }: GraphCall, message: OutgoingMessage): string | null {
  const media = mediaOf(message);
  for (const { medium } of media) {
    if (medium.url !== undefined) rooms.attachments.fetched(page.id, medium.url);
  }
  const [only] = media;
  if (!only?.medium.is_reusable || only.medium.attachment_id !== undefined) return null;
  return rooms.attachments.keep(page.id, only.medium.type, only.medium.url ?? null).id;
}

/** @returns The message's attachments as thread and echo show them: an id gets the address it was made from. */
export function shownAttachments({ rooms, page }: GraphCall, message: OutgoingMessage): JsonObject[] | null {
  const all = message.attachment ? [message.attachment] : message.attachments;
  if (!all) return null;
  return all.map((attachment) => {
    if (!("payload" in attachment) || !("attachment_id" in attachment.payload)) return plain(attachment);
    const { attachment_id } = attachment.payload;
    const url = rooms.attachments.find(page.id, attachment_id ?? "")?.url;
    return plain({ ...attachment, payload: { ...attachment.payload, ...(url ? { url } : {}) } });
  });
}
