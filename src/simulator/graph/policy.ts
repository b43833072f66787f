import { type GraphError, graphErrors } from "./errors.ts";
import { isUtility, type Send } from "./send-shape.ts";

const DAY_MS = 86_400_000;

/** Retired on 27 April 2026; Meta answers error 100. */
const RETIRED_TAGS = ["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"];

interface Circumstances {
  /** When the user last acted, in simulated milliseconds; null where no window applies. */
  readonly lastUserAt: number | null;
  /** Simulated milliseconds. */
  readonly now: number;
  /** Whether the page may use the tag HUMAN_AGENT. */
  readonly humanAgent: boolean;
}

/**
 * Says whether a message may be sent now: within 24 hours of the user's last act, within 7 days with the tag
 * HUMAN_AGENT, at any time as a utility template with the type UTILITY.
 *
 * @returns Meta's error, or null if the message may be sent.
 * @see https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
 */
export function forbiddenBy(
  { messaging_type, tag, message }: Pick<Send, "messaging_type" | "tag" | "message">,
  { lastUserAt, now, humanAgent }: Circumstances,
): GraphError | null {
  const type = messaging_type ?? (tag === undefined ? "RESPONSE" : "MESSAGE_TAG");
  if (message && (type === "UTILITY") !== isUtility(message)) {
    return graphErrors.badParameter(
      "Param messaging_type must be UTILITY with a utility template, and only then",
    );
  }
  if (type === "UTILITY") return null;
  const age = lastUserAt === null ? 0 : now - lastUserAt;
  if (type !== "MESSAGE_TAG") return age <= DAY_MS ? null : graphErrors.outsideWindow;
  if (tag === undefined) {
    return graphErrors.badParameter("Param tag is required when messaging_type is MESSAGE_TAG");
  }
  if (RETIRED_TAGS.includes(tag)) return graphErrors.badParameter(`Param tag: ${tag} is no longer supported`);
  if (tag !== "HUMAN_AGENT") return graphErrors.badParameter("Param tag must be one of {HUMAN_AGENT}");
  if (!humanAgent) return graphErrors.noHumanAgent;
  return age <= 7 * DAY_MS ? null : graphErrors.outsideWindow;
}
