import { asksIn, wordsAndPictures } from "../bots/asks.ts";
import type { Turn } from "../bots/bot.ts";
import type { ConversationLine } from "../conversation/stub.ts";
import type { ThreadMessage } from "../conversation/thread.ts";
import type { DeliverWork } from "../conversation/work.ts";
import { textOf } from "../messages/reading.ts";

/**
 * What was said before a delivery's own events, oldest first, for bots that are told so with each question. Costs a
 * request to the conversation's object.
 */
export async function turnsBefore(
  line: ConversationLine,
  { first }: Pick<DeliverWork, "first">,
  limit: number,
): Promise<Turn[]> {
  if (limit === 0) return [];
  const messages = await line.call((stub) => stub.talk(first, limit));
  return messages
    .map(turnOf)
    .filter((turn) => turn.text !== "" || turn.images.length > 0)
    .slice(-limit);
}

function turnOf({ id, from, at, content, status }: ThreadMessage): Turn {
  const said = JSON.parse(content);
  if (from === "user") {
    const type = "postback" in said ? "postback" : "message";
    const [ask] = asksIn([{ id, type, at, raw: content, isStandby: false }]);
    const { text, pictures } = ask ? wordsAndPictures(ask) : { text: "", pictures: [] };
    return { from, text, images: pictures };
  }
  // What failed was never said.
  return { from: "page", text: status === "failed" ? "" : (textOf(said) ?? ""), images: [] };
}
