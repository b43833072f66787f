import * as z from "zod/mini";
import { answer, fail, type GraphCall } from "./call.ts";
import { mediumForbidden } from "./media.ts";
import { shapeError, webAddress } from "./shape-checks.ts";

const uploadSchema = z.object({
  message: z.object({
    attachment: z.strictObject({
      type: z.enum(["image", "video", "audio", "file"]),
      payload: z._default(
        z.strictObject({
          url: z.exactOptional(webAddress),
          is_reusable: z.exactOptional(z.boolean()),
        }),
        {},
      ),
    }),
  }),
});

/**
 * `POST /{page}/message_attachments`: keeps a file, or what Meta would fetch from an address, to be sent by its id.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export function upload(call: GraphCall): Response {
  const { rooms, page, parameters, filedata } = call;
  const parsed = uploadSchema.safeParse(parameters);
  if (!parsed.success) return fail(call, shapeError(parsed.error));
  const { type, payload } = parsed.data.message.attachment;
  const parameter = "message[attachment][payload]";
  const error = mediumForbidden(rooms, page.id, { type, ...payload }, filedata, parameter);
  if (error) return fail(call, error);
  const url = payload.url ?? null;
  if (url !== null) rooms.attachments.fetched(page.id, url);
  return answer(call, { attachment_id: rooms.attachments.keep(page.id, type, url).id });
}
