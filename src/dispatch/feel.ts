import type { DeliverWork } from "../conversation/work.ts";
import type { GraphClient } from "../graph/client.ts";
import { PAGE_ITSELF, recipientOf } from "../ids.ts";
import type { PageSettings } from "../pages/settings.ts";

/**
 * What the user sees while the bot thinks. A bot that answers at once needs none of it: its reply itself shows that the
 * message was seen, so an ordinary exchange costs no call more.
 */

/** A pause that nobody notices, ms. */
const NOTICED_AFTER_MS = 500;
/** Meta shows typing dots for 20 s at most. */
const RENEW_AFTER_MS = 15_000;

/** What a user does expecting an answer. */
const ASKING: ReadonlySet<string> = new Set(["message", "postback"]);

/**
 * What the user sees when the bot is done. `reply`: a message, which ends the dots; `later`: the bot is still at it;
 * `nothing`: it has nothing to say; `failure`: it hasn't got the message.
 */
export type Next = "reply" | "later" | "nothing" | "failure";

export interface Feel {
  /**
   * The bot is done. What is being shown has arrived when this resolves, so that dots don't follow the reply: that takes
   * as long as one action at most.
   */
  end(next: Next): Promise<void>;
}

const NOTHING_SHOWN: Feel = { end: async () => {} };

export function showThinking(
  { graph }: { graph: GraphClient | undefined },
  { markSeen, typing }: Pick<PageSettings, "markSeen" | "typing">,
  { conversation: { user, owner }, events }: DeliverWork,
): Feel {
  // Where it is another's turn the bot only looks on.
  const isAsked = owner === "bot" && events.some((event) => ASKING.has(event.type) && !event.isStandby);
  if (!graph || !isAsked || user === PAGE_ITSELF || !(markSeen || typing)) return NOTHING_SHOWN;
  const act = (action: Action) => graph.act(recipientOf(user), action);
  let isSeen = false;
  let isTyping = false;
  let isOver = false;
  let shown = Promise.resolve();
  const think = async () => {
    if (markSeen && !isSeen) {
      isSeen = true;
      await act("mark_seen");
    }
    if (!typing || isOver) return;
    isTyping = true;
    timer = setTimeout(show, RENEW_AFTER_MS);
    await act("typing_on");
  };
  const show = () => {
    shown = think();
  };
  let timer = setTimeout(show, NOTICED_AFTER_MS);
  return {
    async end(next) {
      isOver = true;
      clearTimeout(timer);
      await shown;
      const last: Promise<void>[] = [];
      if ((next === "later" || next === "nothing") && markSeen && !isSeen) last.push(act("mark_seen"));
      if ((next === "nothing" || next === "failure") && isTyping) last.push(act("typing_off"));
      await Promise.all(last);
    },
  };
}

type Action = "mark_seen" | "typing_on" | "typing_off";
