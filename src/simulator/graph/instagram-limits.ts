import { type GraphError, graphErrors } from "./errors.ts";
import type { Send } from "./send-shape.ts";

const MAX_TEXT_BYTES = 1000;
const TEMPLATES: readonly string[] = ["generic", "button", "product"];

/**
 * What Messenger takes and Instagram does not.
 *
 * @returns Meta's error, or null if Instagram takes it too.
 * @see https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message
 */
export function forbiddenOnInstagram({ message, persona_id, messaging_type }: Send): GraphError | null {
  if (persona_id !== undefined)
    return graphErrors.badParameter("Param persona_id is not supported on Instagram");
  if (messaging_type === "UTILITY") {
    return graphErrors.badParameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}");
  }
  if (new TextEncoder().encode(message?.text ?? "").length > MAX_TEXT_BYTES) {
    return graphErrors.badParameter(
      `Length of param message[text] must be less than or equal to ${MAX_TEXT_BYTES} bytes`,
    );
  }
  const { attachment } = message ?? {};
  if (attachment?.type === "template" && !TEMPLATES.includes(attachment.payload.template_type)) {
    const parameter = "message[attachment][payload][template_type]";
    return graphErrors.badParameter(`Param ${parameter} must be one of {${TEMPLATES.join(", ")}}`);
  }
  return null;
}

/** The other way round: hearts are sent on Instagram only. */
export function forbiddenOnMessenger({ message }: Send): GraphError | null {
  return message?.attachment?.type === "like_heart"
    ? graphErrors.badParameter("Param message[attachment][type] like_heart is for Instagram only")
    : null;
}
