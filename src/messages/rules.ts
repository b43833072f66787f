import type { OutgoingBody } from "../conversation/work.ts";

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
  const refused = refusedTag(tag, standing.writer);
  if (refused) return refused;
  if (hasPermit(body)) return { ok: true, body: { ...rest, ...typeOf(asked) } };
  if (asked === "UTILITY") return { ok: true, body: { ...rest, messaging_type: asked } };

  const { windowAt, comment, writer, humanAgent } = standing;
  const isOpen = windowAt !== null && now < windowAt + WINDOW_MS;
  if (isOpen)
    return { ok: true, body: { ...rest, ...typeOf(isAction(body) ? undefined : (asked ?? "RESPONSE")) } };
  if (comment && comment.at > (windowAt ?? 0) && !isAction(body)) {
    if (!comment.isAnswered && now < comment.at + WEEK_MS) {
      return { ok: true, body: { ...rest, recipient: { comment_id: comment.id } } };
    }
    return {
      ok: false,
      code: "private_reply_used",
      reason:
        "a comment can be answered privately once, within 7 days; after that, when its author has written",
    };
  }
  // Nobody knows: the user may have written before the page came here. Meta does.
  if (windowAt === null)
    return { ok: true, body: { ...rest, ...typeOf(isAction(body) ? undefined : "RESPONSE") } };
  if (writer === "human" && humanAgent && now < windowAt + WEEK_MS) {
    if (isAction(body)) return { ok: true, body: rest };
    return { ok: true, body: { ...rest, messaging_type: "MESSAGE_TAG", tag: HUMAN_AGENT } };
  }
  return { ok: false, code: "window_closed", reason: closedReason(standing, windowAt, now) };
}

/** What a sender may say for itself. */
const typeOf = (asked: unknown): OutgoingBody =>
  asked === "RESPONSE" || asked === "UPDATE" ? { messaging_type: asked } : {};

const isAction = (body: OutgoingBody): boolean => body["message"] === undefined;

function hasPermit({ recipient }: OutgoingBody): boolean {
  return recipient !== null && typeof recipient === "object" && PERMITTING.some((form) => form in recipient);
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

function closedReason({ writer, humanAgent, waysPast }: Standing, windowAt: number, now: number): string {
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
  return `the window closed at ${when(windowAt + WINDOW_MS)}; it opens when ${ways.join(", or ")}${person}${note}`;
}
