import type { DeliverWork } from "../conversation/work.ts";
import type { ReadAnswer } from "./answer.ts";
import { bodiesOf, type PlacedReply } from "./replies.ts";

interface Options {
  /** The bot's, for the log. */
  protocol: string;
  /** Whether a text that is too long goes out as several. */
  split: boolean;
}

/** Makes an answer of what a bot said, and logs what of it Messenger has no form for. */
export function answerSaying(
  replies: readonly PlacedReply[],
  { id, platform }: Pick<DeliverWork["conversation"], "id" | "platform">,
  { protocol, split }: Options,
): ReadAnswer {
  const made = bodiesOf(replies, { platform, split });
  if (made.kind !== "bodies") return made;
  if (made.unsaid.length > 0) {
    // What it was, and nothing of what it held.
    console.warn({ event: "reply_not_sayable", conversation: id, protocol, at: made.unsaid });
  }
  return { kind: "answer", answer: { messages: made.bodies, actions: [] } };
}
