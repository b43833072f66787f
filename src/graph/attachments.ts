import * as z from "zod/mini";
import { idSchema } from "./answer.ts";
import type { CallFailure, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * Files that Meta keeps, to be sent by their id.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */

/** Meta's 25 MB, and room for what stands around the file in a form. */
export const MAX_UPLOAD_BYTES = 25 * 1024 * 1024 + 64 * 1024;

/** Meta gives a video 75 s to be fetched. */
const FETCH_TIMEOUT_MS = 80_000;
const UPLOAD_TIMEOUT_MS = 120_000;

export interface RemoteFile {
  type: "image" | "video" | "audio" | "file";
  url: string;
  /** Whether it can be sent to more than one person. */
  isReusable: boolean;
}

export type Uploaded = { ok: true; value: { attachment_id: string } } | CallFailure;

const uploadedSchema = z.object({ attachment_id: idSchema });

/** Has Meta fetch a file and keep it. */
export async function uploadByUrl(
  graph: GraphClient,
  { type, url, isReusable }: RemoteFile,
): Promise<Uploaded> {
  const attachment = { type, payload: { url, is_reusable: isReusable } };
  const result = await graph.call("POST", pathOf(graph), {
    body: { message: { attachment } },
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  return reading(result, uploadedSchema);
}

/**
 * Hands a form with a file on to Meta as it arrives, without holding it: `message` with
 * `{"attachment":{"type","payload":{"is_reusable"}}}`, and `filedata`. It ends with `too_large` once more than
 * {@link MAX_UPLOAD_BYTES} have come.
 * @param form a request's own body, if its length was announced: then Meta learns it too
 * @param length what was announced, bytes
 */
export async function uploadForm(
  graph: GraphClient,
  form: ReadableStream<Uint8Array>,
  contentType: string,
  length: number | undefined,
): Promise<Uploaded> {
  // The runtime cuts a body at its announced length.
  if (length !== undefined && length <= MAX_UPLOAD_BYTES) {
    return reading(await graph.pass(pathOf(graph), form, contentType, UPLOAD_TIMEOUT_MS), uploadedSchema);
  }
  if (length !== undefined) return tooLarge;
  let size = 0;
  const metered = form.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > MAX_UPLOAD_BYTES) controller.error(new Error("too large"));
        else controller.enqueue(chunk);
      },
    }),
  );
  const result = await graph.pass(pathOf(graph), metered, contentType, UPLOAD_TIMEOUT_MS);
  return size > MAX_UPLOAD_BYTES ? tooLarge : reading(result, uploadedSchema);
}

const pathOf = (graph: GraphClient): string => `${graph.page}/message_attachments`;

const tooLarge: CallFailure = {
  ok: false,
  status: null,
  code: "too_large",
  reason: `a file is limited to ${MAX_UPLOAD_BYTES} bytes`,
  isFinal: true,
};
