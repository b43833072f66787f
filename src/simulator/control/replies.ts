import * as z from "zod/mini";
import { type Conversation, newMessageId, userIdSchema } from "../ids.ts";
import { appWrote } from "../ownership.ts";
import { PAGE_INBOX } from "../pages.ts";
import type { Rooms } from "../rooms.ts";
import type { ThreadMessage } from "../threads.ts";
import { echoOf } from "../webhook/events.ts";
import { queueFor } from "../webhook/queue.ts";
import type { Said } from "./say.ts";
import { attachmentOf } from "./spoken.ts";

const attachment = z.looseObject({
  type: z.string(),
  url: z.exactOptional(z.string()),
  payload: z.exactOptional(z.record(z.string(), z.json())),
});

/** The body of `POST /_sim/users/{psid}/replies`: what a person in Meta's inbox, or another app, writes. */
export const replySchema = z
  .strictObject({
    text: z.exactOptional(z.string().check(z.minLength(1))),
    attachment: z.exactOptional(attachment),
    app_id: z.exactOptional(userIdSchema),
    metadata: z.exactOptional(z.string()),
    page_id: z.exactOptional(z.string()),
    timestamp: z.exactOptional(z.int().check(z.gt(0))),
  })
  .check(
    z.refine((body) => (body.text === undefined) !== (body.attachment === undefined), {
      error: "Give exactly one of text and attachment.",
    }),
  );

type Reply = z.infer<typeof replySchema>;

/** Writes to the person as the page, but not through our app: the thread shows it, and its echo is queued. */
export function reply(rooms: Rooms, conversation: Conversation, body: Reply): Said {
  const { text, attachment, app_id = null, metadata } = body;
  const message: ThreadMessage = {
    mid: newMessageId(),
    from: "page",
    timestamp: body.timestamp ?? rooms.clock.now(),
    status: "delivered",
    app_id,
    ...(text === undefined ? {} : { text }),
    ...(attachment === undefined ? {} : { attachments: [attachmentOf(attachment)] }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  rooms.users.findOrMake(conversation.userId);
  rooms.threads.append(conversation, message);
  rooms.threads.markSeen(conversation, "user");
  appWrote(rooms, conversation, app_id ?? PAGE_INBOX);
  const event = echoOf(conversation, message, app_id);
  queueFor(rooms, conversation, event);
  rooms.live.changed(conversation);
  return {
    mid: message.mid,
    page_id: conversation.pageId,
    user_id: conversation.userId,
    timestamp: message.timestamp,
    event,
  };
}
