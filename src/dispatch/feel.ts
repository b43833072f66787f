import type { DeliverWork } from "../conversation/work.ts";
import { PAGE_ITSELF, recipientOf } from "../ids.ts";
import type { Ends } from "../pages/ends.ts";
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

export interface Feel {
  /**
   * The bot is done. What is being shown has arrived when this resolves, so that dots don't follow the reply.
   * @param next `reply`: a message follows, which ends the dots; `later`: the bot is still at it; `nothing`: it is not
   */
  end(next: "reply" | "later" | "nothing"): Promise<void>;
}

const NOTHING_SHOWN: Feel = { end: async () => {} };

export function showThinking(
  { graph }: Pick<Ends, "graph">,
  { markSeen, typing }: Pick<PageSettings, "markSeen" | "typing">,
  { conversation: { user }, events }: DeliverWork,
): Feel {
  const isAsked = events.some((event) => ASKING.has(event.type) && !event.isStandby);
  if (!graph || !isAsked || user === PAGE_ITSELF || !(markSeen || typing)) return NOTHING_SHOWN;
  const recipient = recipientOf(user);
  let isSeen = false;
  let isTyping = false;
  let shown = Promise.resolve();
  const show = (action: "mark_seen" | "typing_on" | "typing_off") => {
    shown = shown.then(() => graph.act(recipient, action));
  };
  const think = () => {
    if (markSeen && !isSeen) {
      isSeen = true;
      show("mark_seen");
    }
    if (!typing) return;
    isTyping = true;
    show("typing_on");
    timer = setTimeout(think, RENEW_AFTER_MS);
  };
  let timer = setTimeout(think, NOTICED_AFTER_MS);
  return {
    async end(next) {
      clearTimeout(timer);
      if (next !== "reply" && markSeen && !isSeen) show("mark_seen");
      if (next === "nothing" && isTyping) show("typing_off");
      await shown;
    },
  };
}
