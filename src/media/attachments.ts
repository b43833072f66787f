import * as z from "zod/mini";

/** What of an event can be kept: files that Meta serves under an address that expires. Pure. */

export interface Attachment {
  /** Its place in the event's list. */
  index: number;
  type: z.infer<typeof attachmentSchema>["type"];
  /** Meta's address of it. */
  url: string;
}

const attachmentSchema = z.object({
  type: z.enum(["image", "video", "audio", "file", "sticker"]),
  payload: z.object({ url: z.string() }),
});
const eventSchema = z.object({ message: z.object({ attachments: z.array(z.unknown()) }) });
const unsendSchema = z.object({ message: z.object({ mid: z.string() }) });

/** @param raw the event as Meta sent it, as JSON text */
export function attachmentsIn(raw: string): Attachment[] {
  // Most messages have none, and needn't be parsed for that.
  if (!raw.includes('"attachments"')) return [];
  const event = eventSchema.safeParse(JSON.parse(raw));
  return (event.data?.message.attachments ?? []).flatMap((one, index) => {
    const { data } = attachmentSchema.safeParse(one);
    return data ? [{ index, type: data.type, url: data.payload.url }] : [];
  });
}

/** The id of the message that an `unsend` event takes back. */
export const takenBackIn = (raw: string): string | undefined =>
  unsendSchema.safeParse(JSON.parse(raw)).data?.message.mid;
