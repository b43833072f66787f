import * as z from "zod/mini";
import { idSchema } from "../graph/answer.ts";
import { MAX_UPLOAD_BYTES } from "../graph/attachments.ts";
import type { Relayed } from "../graph/client.ts";
import { encode } from "../utf8.ts";
import type { DoorCall, Handle } from "./call.ts";
import type { FormFile } from "./form.ts";
import { asText, errorInForm, isTrue, structured } from "./incoming.ts";
import { errorAnswer, invalid, type MetaError, metaErrors } from "./meta-error.ts";
import { posting, relayed } from "./relay.ts";

/** Files on their way to Meta: handed on as they arrive, never held. */

/** Meta gives a video 75 s to be fetched. */
const FETCH_TIMEOUT_MS = 80_000;
const UPLOAD_TIMEOUT_MS = 120_000;

const messageSchema = z.looseObject({
  attachment: z.looseObject({
    type: z.enum(["image", "video", "audio", "file"]),
    payload: z.optional(z.looseObject({ is_reusable: z.optional(z.unknown()) })),
  }),
});
type FileMessage = z.infer<typeof messageSchema>;

const byAddress = posting("message_attachments", ["message"], FETCH_TIMEOUT_MS);

/** `POST /{page}/message_attachments`: a file by its address, or in a form. */
export const uploadAttachment: Handle = async (call) => {
  const { file } = call;
  if (!file) return byAddress(call);
  const uploaded = await upload(call, file, (message) => message);
  return uploaded.ok ? relayed(call, uploaded.answer) : errorAnswer(uploaded.error);
};

type Kept =
  | { ok: true; body: DoorCall["body"]; shown: Record<string, string> }
  | { ok: false; response: Response };

/**
 * Has Meta keep the file of a message, which then goes by the file's id: so it waits its turn like any other, and is on
 * record. Whether it can be used again, the client learns as it asked for it.
 */
export async function keepFile(call: DoorCall, file: FormFile): Promise<Kept> {
  const uploaded = await upload(call, file, ({ attachment: { type } }) => ({
    attachment: { type, payload: { is_reusable: true } },
  }));
  if (!uploaded.ok) return { ok: false, response: errorAnswer(uploaded.error) };
  const { answer, message, fields } = uploaded;
  const id = answer.ok && answer.status < 400 ? attachmentIdIn(answer.body) : undefined;
  if (id === undefined) return { ok: false, response: relayed(call, answer) };
  const { type, payload } = message.attachment;
  const sent = { ...message, attachment: { type, payload: { attachment_id: id } } };
  const shown: Record<string, string> = isTrue(payload?.is_reusable) ? { attachment_id: id } : {};
  return { ok: true, body: { ...fields, message: sent }, shown };
}

type Uploaded =
  | { ok: true; answer: Relayed; message: FileMessage; fields: DoorCall["body"] }
  | { ok: false; error: MetaError };

/** @param asked what Meta is told of the file, made of what the client has said */
async function upload(
  { graph, body, query }: DoorCall,
  file: FormFile,
  asked: (message: FileMessage) => object,
): Promise<Uploaded> {
  const early = body["message"] === undefined ? undefined : messageIn(body);
  if (early && !early.ok) return early;
  let fields = body;
  let message: FileMessage | undefined;
  let error: MetaError | undefined;
  const boundary = `form-${crypto.randomUUID()}`;
  async function* form(): AsyncGenerator<Uint8Array> {
    try {
      yield encode(fileHead(boundary, file));
      let size = 0;
      for await (const chunk of file.content()) {
        size += chunk.byteLength;
        if (size > MAX_UPLOAD_BYTES) throw new Refused(metaErrors.fileTooLarge);
        yield chunk;
      }
      fields = { ...body, ...(await file.rest()) };
      const said = messageIn(fields);
      if (!said.ok) throw new Refused(said.error);
      ({ message } = said);
      yield encode(formEnd(boundary, asked(message)));
    } catch (cause) {
      error = cause instanceof Refused ? cause.error : errorInForm(cause);
      // Meta must not take what there is for all of it.
      throw cause;
    }
  }
  const platform = query["platform"] ?? body["platform"];
  const answer = await graph.relay("POST", `${graph.page}/message_attachments`, {
    query: platform == null ? {} : { platform: asText(platform) },
    form: {
      stream: streamOf(form()),
      contentType: `multipart/form-data; boundary=${boundary}`,
    },
    timeoutMs: UPLOAD_TIMEOUT_MS,
  });
  if (error) return { ok: false, error };
  // Meta has answered before it had heard all.
  if (!message) return { ok: true, answer, message: NOTHING_SAID, fields };
  return { ok: true, answer, message, fields };
}

const NOTHING_SAID: FileMessage = { attachment: { type: "file" } };

type Said = { ok: true; message: FileMessage } | { ok: false; error: MetaError };

function messageIn(fields: DoorCall["body"]): Said {
  const refuse = (complaint: string): Said => ({ ok: false, error: invalid(complaint) });
  const parsed = messageSchema.safeParse(structured(fields["message"]));
  if (!parsed.success)
    return refuse("message: {attachment: {type, payload}} with the file's type is required");
  const { payload } = parsed.data.attachment;
  const isElsewhere = payload?.["url"] !== undefined || payload?.["attachment_id"] !== undefined;
  return isElsewhere
    ? refuse("message.attachment.payload: a file goes without url and attachment_id")
    : { ok: true, message: parsed.data };
}

/** Ends a form in the midst of it. */
class Refused extends Error {
  readonly error: MetaError;

  constructor(error: MetaError) {
    super(error.messengate_code);
    this.error = error;
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

const attachmentSchema = z.object({ attachment_id: idSchema });

function attachmentIdIn(body: string): string | undefined {
  try {
    return attachmentSchema.safeParse(JSON.parse(body)).data?.attachment_id;
  } catch {
    return undefined;
  }
}

/** Meta knows the file as `filedata`, whatever else is in the form. */
function fileHead(boundary: string, { filename, type }: FormFile): string {
  const clean = (text: string) => text.replaceAll(/[\r\n]/g, " ");
  const name = clean(filename).replaceAll('"', "%22");
  const disposition = `content-disposition: form-data; name="filedata"; filename="${name}"`;
  return `--${boundary}\r\n${disposition}\r\ncontent-type: ${clean(type)}\r\n\r\n`;
}

const formEnd = (boundary: string, message: object): string =>
  `\r\n--${boundary}\r\ncontent-disposition: form-data; name="message"\r\n\r\n${JSON.stringify(message)}\r\n--${boundary}--\r\n`;
