import type { OutgoingBody } from "../conversation/work.ts";
import { objectIn } from "./inside.ts";

/**
 * Meta's rules on who may write when. `messaging_type` and `tag` follow from who writes and from the window: whatever the
 * sender put there counts only where Meta leaves a choice. Pure.
 * @see https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
 */

export interface Standing {
  writer: "bot" | "human";
  /** When the user opened the window last, ms; `null`: not since we know them. */
  windowAt: number | null;
  /** Meta has granted the page's app Human Agent. */
  humanAgent: boolean;
  /** A comment of the user's that may be answered privately. */
  comment: { id: string; at: number; isAnswered: boolean } | null;
  /** Recipients that reach the user in spite of a closed window. */
  waysPast: readonly string[];
}

export type Ruling =
  | { ok: true; body: OutgoingBody }
  | {
      ok: false;
      code: "window_closed" | "tag_retired" | "tag_unknown" | "human_agent_not_human" | "private_reply_used";
      reason: string;
    };

const HOUR = 60 * 60_000;
export const WINDOW_MS = 24 * HOUR;
/** How long a person may write after the user's last message, and a comment be answered privately. */
export const WEEK_MS = 7 * 24 * HOUR;

const RETIRED_TAGS = new Set(["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"]);
const HUMAN_AGENT = "HUMAN_AGENT";
const UTILITY = "UTILITY";
/** Recipients that carry a permission of their own, so that the window doesn't matter. */
const PERMITTING = [
  "user_ref",
  "comment_id",
  "post_id",
  "phone_number",
  "one_time_notif_token",
  "notification_messages_token",
];

/**
 * The body as it may go out, or why it may not.
 * @param body a Send API body; its recipient is only there if it isn't the conversation's user
 */
export function rule(body: OutgoingBody, standing: Standing, now: number): Ruling {
  const { tag, messaging_type: asked, ...rest } = body;
  const { windowAt, comment, writer } = standing;
  const refused = refusedTag(tag, writer);
  if (refused) return refused;
  if (hasPermit(body)) {
    const isUsed = comment !== null && commentIn(body) === comment.id && !canBeAnswered(comment, now);
    return isUsed ? PRIVATE_REPLY_USED : { ok: true, body: { ...rest, ...typeOf(asked) } };
  }
  const isPersons = writer === "human" && standing.humanAgent;
  const isOpen = windowAt !== null && now < windowAt + WINDOW_MS;
  const isOpenToPeople = windowAt !== null && isPersons && now < windowAt + WEEK_MS;
  if (isAction(body)) {
    const isHeard = windowAt === null || isOpen || isOpenToPeople;
    return isHeard ? { ok: true, body: rest } : closed(standing, windowAt, now);
  }

  if (asked === UTILITY) return { ok: true, body: { ...rest, messaging_type: UTILITY } };
  const response = { ...rest, messaging_type: "RESPONSE", ...typeOf(asked) };
  if (isOpen) return { ok: true, body: response };
  const isCommentNews = comment !== null && comment.at > (windowAt ?? 0);
  if (isCommentNews && canBeAnswered(comment, now)) {
    return { ok: true, body: { ...rest, recipient: { comment_id: comment.id } } };
  }
  // Nobody knows: the user may have written before the page came here. Meta does.
  if (windowAt === null) return isCommentNews ? PRIVATE_REPLY_USED : { ok: true, body: response };
  if (!isOpenToPeople) return closed(standing, windowAt, now);
  return { ok: true, body: { ...rest, messaging_type: "MESSAGE_TAG", tag: HUMAN_AGENT } };
}

const PRIVATE_REPLY_USED: Ruling = {
  ok: false,
  code: "private_reply_used",
  reason: "a comment can be answered privately once, within 7 days; after that, when its author has written",
};

const canBeAnswered = ({ isAnswered, at }: NonNullable<Standing["comment"]>, now: number): boolean =>
  !isAnswered && now < at + WEEK_MS;

/** What a sender may say for itself. */
const typeOf = (asked: unknown): OutgoingBody =>
  asked === "RESPONSE" || asked === "UPDATE" || asked === UTILITY ? { messaging_type: asked } : {};

const isAction = (body: OutgoingBody): boolean => body["message"] === undefined;

const hasPermit = (body: OutgoingBody): boolean =>
  PERMITTING.some((form) => objectIn(body, "recipient")[form] !== undefined);

/** The comment a message is a private reply to; ids may come as numbers. */
export function commentIn(body: OutgoingBody): string | undefined {
  const { comment_id: id } = objectIn(body, "recipient");
  return id === undefined ? undefined : String(id);
}

function refusedTag(tag: unknown, writer: Standing["writer"]): Ruling | undefined {
  if (tag === undefined || tag === null) return undefined;
  if (tag === HUMAN_AGENT) {
    // A person's is computed anew: it isn't theirs to use inside the window.
    if (writer === "human") return undefined;
    const reason = "HUMAN_AGENT is for messages that a person has written";
    return { ok: false, code: "human_agent_not_human", reason };
  }
  if (RETIRED_TAGS.has(String(tag))) {
    const reason = `Meta retired the tag ${tag} on 2026-04-27: use a utility message, or a token the user gave`;
    return { ok: false, code: "tag_retired", reason };
  }
  return { ok: false, code: "tag_unknown", reason: "the only tag there is for messages is HUMAN_AGENT" };
}

function closed({ writer, humanAgent, waysPast }: Standing, windowAt: number, now: number): Ruling {
  const when = (at: number) => new Date(at).toISOString();
  const ways = ["the user writes, taps or reacts", ...waysPast.map((way) => `you send to their ${way}`)];
  const person =
    writer === "bot" && humanAgent && now < windowAt + WEEK_MS
      ? `; until ${when(windowAt + WEEK_MS)} a person may write`
      : "";
  const note =
    writer === "human" && !humanAgent
      ? "; with Meta's Human Agent permission (human_agent) a person may write for 7 days"
      : "";
  const reason = `the window closed at ${when(windowAt + WINDOW_MS)}; it opens when ${ways.join(", or ")}${person}${note}`;
  return { ok: false, code: "window_closed", reason };
}
