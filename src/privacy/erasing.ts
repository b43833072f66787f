import { ConversationLine } from "../conversation/stub.ts";
import type { Config } from "../env.ts";
import { type ConversationId, partsOf } from "../ids.ts";
import { forgetMedia } from "../media/copies.ts";

/** Deleting everything that is known of a person on a page. */

type Objects = Pick<Cloudflare.Env, "CONVERSATION" | "PAGE">;

/**
 * Deletes a conversation, the copies of its attachments and what its page noted of it. What is out just now — a delivery at
 * the bot, a message on its way to Meta — can't be called back; what it reports finds nothing. The page looks again when all
 * of that is over ({@link eraseLeftovers}).
 * @returns whether there was a conversation
 * @throws when something can't be reached; repeating it is safe
 */
export async function eraseConversation(
  id: ConversationId,
  { media }: Pick<Config, "media">,
  { CONVERSATION, PAGE }: Objects,
): Promise<boolean> {
  const wasThere = await new ConversationLine(CONVERSATION, id).call((stub) => stub.erase());
  if (media) await forgetMedia(media.bucket, id);
  await PAGE.getByName(partsOf(id).page).forgetConversation(id);
  return wasThere;
}

/**
 * Deletes what has come of runs that were out when a conversation was deleted: a copy that was being made, and what Meta
 * told of a message that was on its way. If the user has written again, that is a new conversation, and stays.
 * @param since when it was deleted, ms
 */
export async function eraseLeftovers(
  id: ConversationId,
  since: number,
  { media }: Pick<Config, "media">,
  { CONVERSATION }: Pick<Objects, "CONVERSATION">,
): Promise<void> {
  await new ConversationLine(CONVERSATION, id).call((stub) => stub.erase(since));
  // A copy for the new conversation among them is made again when its link is used.
  if (media) await forgetMedia(media.bucket, id);
}
