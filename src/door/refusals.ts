import { type MetaError, metaErrors, oauthError } from "./meta-error.ts";

/** Our own codes as Meta's errors for the same thing: what the rules refuse, and what never came to be Meta's answer. */

interface Row {
  status?: number;
  code: number;
  subcode?: number;
  /** Meta's sentence; ours follows. */
  says: string;
  isTransient?: boolean;
}

const OWNED = "(#10) Message failed to send because another app is controlling this thread now.";
const THROTTLED = "(#613) Calls to this api have exceeded the rate limit.";
const INVALID: Row = { code: 100, says: "(#100) Invalid parameter." };
/** Meta refused it, and its answer isn't remembered: our reason has its numbers. */
const REFUSED: Row = { code: 100, says: "Refused by Meta:" };
/** Nothing was sent, and the same call may do it. */
const LATER: Row = { status: 500, code: 2, says: "Service temporarily unavailable.", isTransient: true };
/** Nobody knows whether it was sent: what is not to be repeated blindly must not look transient. */
const UNKNOWN: Row = { status: 500, code: 1, says: "An unknown error occurred.", isTransient: false };

const TABLE: Readonly<Record<string, Row>> = {
  window_closed: {
    code: 10,
    subcode: 2018278,
    says: "(#10) This message is sent outside of allowed window.",
  },
  not_owner: { code: 10, subcode: 2018300, says: OWNED },
  not_thread_owner: { code: 10, subcode: 2018300, says: OWNED },
  private_reply_used: { code: 10900, says: "(#10900) Activity already replied to." },
  outbox_full: { code: 613, says: THROTTLED },
  rate_limited: { code: 613, says: THROTTLED },
  needs_reauth: { code: 190, says: "Error validating access token: Meta no longer takes the page's own." },
  page_blocked: {
    code: 368,
    says: "(#368) The action attempted has been deemed abusive or is otherwise disallowed.",
  },
  tag_retired: INVALID,
  tag_unknown: INVALID,
  human_agent_not_human: INVALID,
  idempotency_conflict: INVALID,
  no_recipient: INVALID,
  invalid: INVALID,
  outcome_unknown: UNKNOWN,
  run_lost_repeatedly: UNKNOWN,
  app_secret_mismatch: LATER,
  no_token: LATER,
  temporary: LATER,
  withdrawn: LATER,
  action_lost: LATER,
  file_forgotten: LATER,
};

/** Why something wasn't sent, where Meta has no words of its own to it. */
export function refusedAs({ code: ours, reason }: { code: string; reason: string }): MetaError {
  const { status = 400, code, subcode, says, isTransient } = TABLE[ours] ?? REFUSED;
  return oauthError(code, ours, `${says} ${reason.charAt(0).toUpperCase()}${reason.slice(1)}`, {
    status,
    ...(subcode === undefined ? {} : { error_subcode: subcode }),
    ...(isTransient === undefined ? {} : { is_transient: isTransient }),
  });
}

/** It has been handed out, and nobody has told yet. */
export const notSettled: MetaError = {
  ...metaErrors.noAnswer,
  messengate_code: "outcome_unknown",
  message:
    "An unknown error occurred. The message may have been sent: its echo will tell. It is not sent again",
};
