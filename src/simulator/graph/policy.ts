import { type GraphError, graphErrors } from "./errors.ts";
import type { Send } from "./send-shape.ts";

const DAY_MS = 86_400_000;

/** Retired on 27 April 2026; Meta answers error 100. */
const RETIRED_TAGS = ["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"];

/**
 * Says whether a message may be sent now: within 24 hours of the user's last act, within 7 days with the tag
 * HUMAN_AGENT, at any time as UTILITY.
 *
 * @param lastUserAt When the user last acted, in simulated milliseconds.
 * @param now Simulated milliseconds.
 * @returns Meta's error, or null if the message may be sent.
 * @see https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
 */
export function forbiddenBy(
  { messaging_type, tag }: Pick<Send, "messaging_type" | "tag">,
  lastUserAt: number,
  now: number,
): GraphError | null {
  const type = messaging_type ?? (tag === undefined ? "RESPONSE" : "MESSAGE_TAG");
  if (type === "UTILITY") return null;
  if (type !== "MESSAGE_TAG") return now - lastUserAt <= DAY_MS ? null : graphErrors.outsideWindow;
  if (tag === undefined) {
    return graphErrors.badParameter("Param tag is required when messaging_type is MESSAGE_TAG");
  }
  if (RETIRED_TAGS.includes(tag)) return graphErrors.badParameter(`Param tag: ${tag} is no longer supported`);
  if (tag !== "HUMAN_AGENT") return graphErrors.badParameter("Param tag must be one of {HUMAN_AGENT}");
  return now - lastUserAt <= 7 * DAY_MS ? null : graphErrors.outsideWindow;
}
