import type { Grant } from "../grants.ts";
import { handOver } from "../handover.ts";
import { type Conversation, newMessageId } from "../ids.ts";
import { type Json, plain } from "../json.ts";
import { appWrote } from "../ownership.ts";
import { giveReceipts } from "../receipts.ts";
import type { Content, ThreadMessage } from "../threads.ts";
import type { GraphCall } from "./call.ts";
import { shownAttachments, takeMedia } from "./media.ts";
import type { OutgoingMessage, Send } from "./send-shape.ts";

/** A send that passed all checks. */
export interface Acceptable {
  readonly conversation: Conversation;
  readonly grant: Grant | null;
  readonly send: Send;
}

/** Shows the message to the person, spends what allowed it, and gives receipts. */
export function acceptMessage(
  call: GraphCall,
  { conversation, grant, send }: Acceptable,
  message: OutgoingMessage,
): Json {
  const { rooms, page } = call;
  const { pageId, userId } = conversation;
  const sent: ThreadMessage = {
    mid: newMessageId(),
    from: "page",
    timestamp: rooms.clock.now(),
    status: "delivered",
    ...contentOf(call, send, message),
  };
  const attachmentId = takeMedia(call, message);
  rooms.users.findOrMake(userId);
  if (grant) rooms.grants.use(grant, rooms.clock.now());
  rooms.threads.append({ pageId, userId }, sent);
  rooms.threads.markSeen(conversation, "user");
  rooms.actions.endTyping(conversation, "message");
  appWrote(rooms, conversation, rooms.environment.appId);
  giveReceipts(rooms, conversation, sent);
  if (send.thread_control) {
    const { control_type, app_id, metadata } = send.thread_control;
    handOver(rooms, conversation, {
      action: control_type,
      appId: rooms.environment.appId,
      targetAppId: app_id ?? rooms.pages.settings(page.id).default_app_id ?? rooms.environment.appId,
      metadata,
      timestamp: rooms.clock.now(),
    });
  }
  rooms.live.changed(conversation);
  return {
    recipient_id: userId,
    message_id: sent.mid,
    ...(attachmentId === null ? {} : { attachment_id: attachmentId }),
  };
}

/** Does what a `sender_action` says. */
export function acceptAction(
  { rooms: { actions, threads, live } }: GraphCall,
  { conversation, send: { sender_action, payload } }: Acceptable,
): Json {
  if (sender_action) actions.record(conversation, sender_action);
  if (sender_action === "mark_seen") threads.markSeen(conversation, "user");
  const target = payload ? threads.find(conversation, payload.message_id) : null;
  if (target && sender_action === "react") {
    threads.react(target, { from: "page", reaction: payload?.reaction ?? "love" });
  }
  if (target && sender_action === "unreact") threads.react(target, null);
  live.changed(conversation);
  return { recipient_id: conversation.userId };
}

function contentOf(call: GraphCall, { persona_id }: Send, message: OutgoingMessage): Content {
  const { text, template, quick_replies, metadata, reply_to } = message;
  const attachments = shownAttachments(call, message);
  const persona = persona_id === undefined ? null : call.rooms.personas.find(call.page.id, persona_id);
  return {
    ...(text === undefined ? {} : { text }),
    ...(attachments === null ? {} : { attachments }),
    ...(template === undefined ? {} : { template: plain(template) }),
    ...(quick_replies === undefined ? {} : { quick_replies: quick_replies.map(plain) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(persona === null ? {} : { persona }),
  };
}
