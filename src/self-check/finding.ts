import type { CallFailure } from "../graph/client.ts";
import type { WebhookObject } from "./fields.ts";
import type { Problem } from "./problems.ts";

/** What a check of an app or a page came to. */
export type Finding =
  | {
      kind: "checked";
      problems: Problem[];
      /** The fields that are subscribed, by the object they are of; what isn't known anew is left out. */
      fields: SubscribedFields;
    }
  /** It is switched off. */
  | { kind: "off" }
  /** It couldn't be seen how things are, so they count as before. */
  | { kind: "missed"; problem: Problem; isReached: boolean };

export type SubscribedFields = Partial<Record<WebhookObject, readonly string[]>>;

/** What Meta says of the one who asks, or of what is asked about; the rest passes by itself. */
const VERDICTS = new Set(["needs_reauth", "app_secret_mismatch", "page_blocked"]);

/** Meta's number for an app that it doesn't know. */
const NO_SUCH_APP = 101;

/** Whether Meta has said how things are. */
export const isVerdict = ({ isFinal, code, error }: CallFailure): boolean =>
  isFinal || VERDICTS.has(code) || error?.code === NO_SUCH_APP;

/** A call that tells nothing: no answer, a temporary failure, a limit, something new. */
export const missedBy = ({ status, reason }: CallFailure): Finding => ({
  kind: "missed",
  problem: { code: "graph_unreachable", reason },
  isReached: status !== null,
});

/** What Meta's verdict on a call with the app's own token comes to: that is made of its id and secret. */
export function refusedToApp({ code, reason, error }: CallFailure): Problem {
  const isSecret = code === "needs_reauth" || code === "app_secret_mismatch" || error?.code === NO_SUCH_APP;
  return { code: isSecret ? "app_secret_wrong" : "meta_refused", reason };
}

/** What its verdict on one with the page's token comes to. */
export function refusedToPage({ code, reason }: CallFailure): Problem {
  switch (code) {
    case "needs_reauth":
      return { code: "token_invalid", reason };
    case "app_secret_mismatch":
      return { code: "app_secret_wrong", reason };
    case "page_blocked":
      return { code: "page_blocked", reason };
    case "permission":
      return { code: "permission_missing", about: "pages_manage_metadata", reason };
    default:
      return { code: "meta_refused", reason };
  }
}
