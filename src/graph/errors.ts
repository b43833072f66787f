import type { HoldCode, SendOutcome } from "../conversation/work.ts";

/**
 * What each of Meta's errors means for a message. One table, read from the top: the first row that fits decides.
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */

export interface GraphError {
  code: number;
  subcode: number | undefined;
  message: string;
  isTransient: boolean;
}

type Verdict =
  | { kind: "retry"; code: string }
  | { kind: "hold"; code: HoldCode }
  | { kind: "failed"; code: string }
  | { kind: "unknown" };

interface Row {
  code: number | readonly number[];
  /** Any of these beside the code; or as the code itself, as Meta writes some of them. */
  subcode?: readonly number[];
  /** In the error's text, for what has no code of its own. */
  says?: RegExp;
  verdict: Verdict;
}

const failed = (code: string): Verdict => ({ kind: "failed", code });
const retry = (code: string): Verdict => ({ kind: "retry", code });
const hold = (code: HoldCode): Verdict => ({ kind: "hold", code });

const TABLE: readonly Row[] = [
  { code: [102, 190], verdict: hold("needs_reauth") },
  { code: 368, verdict: hold("page_blocked") },
  // The same by other names: restricted for a while on Messenger, blocked on Instagram.
  { code: 10, subcode: [1893063], verdict: hold("page_blocked") },
  { code: 100, subcode: [2534029], verdict: hold("page_blocked") },
  // The app secret is being reset, or isn't this page's: it holds for every message, and passes when it is set.
  { code: 100, says: /appsecret_proof/i, verdict: hold("app_secret_mismatch") },

  // Seen although the message went out: the echo tells.
  { code: 1, subcode: [1357046], verdict: { kind: "unknown" } },
  { code: 1, subcode: [99], verdict: failed("permission") },
  { code: [1, 2, 1200], verdict: retry("temporary") },

  { code: 4, subcode: [2018354], verdict: failed("too_frequent") },
  { code: 9, subcode: [2018352], verdict: failed("too_frequent") },
  { code: 613, subcode: [1893016], verdict: failed("too_frequent") },
  { code: [4, 17, 32, 341, 613, 80001, 80006], verdict: retry("rate_limited") },

  { code: [3, 10, 100, 200], says: /handover protocol.*disabled/i, verdict: failed("handover_disabled") },
  { code: [10, 100, 200], subcode: [2018171], verdict: failed("handover_disabled") },
  { code: [10900, 10902], verdict: failed("private_reply_used") },
  { code: 10, subcode: [2018278, 2018065, 2534022], verdict: failed("window_closed") },
  { code: 10, says: /outside (of )?(the )?allowed window/i, verdict: failed("window_closed") },
  { code: [10, 100, 200], subcode: [2018300, 2534037], verdict: failed("not_thread_owner") },
  { code: 200, subcode: [2534022], verdict: failed("not_thread_owner") },
  {
    code: [10, 100, 200],
    says: /another app is controlling|not the (thread owner|owner of th(e|is) thread)/i,
    verdict: failed("not_thread_owner"),
  },
  // Meta's own questions and answers are under way in the thread; it is free again when they are done.
  { code: [10, 100, 200], subcode: [2018321], verdict: retry("temporary") },

  { code: 10, subcode: [1893015], verdict: failed("opted_out") },
  { code: 10, subcode: [2018108], verdict: failed("user_unavailable") },
  { code: 200, subcode: [1545041], verdict: failed("user_unavailable") },
  { code: 551, verdict: failed("user_unavailable") },
  { code: [100, 200], subcode: [2018218, 2018247], verdict: failed("no_profile") },
  { code: 200, subcode: [2018027, 2018028], verdict: failed("app_in_development") },
  { code: 200, says: /developers|admins|testers/i, verdict: failed("app_in_development") },
  { code: [3, 10, 200, 230], verdict: failed("permission") },

  { code: 100, subcode: [33, 2018001, 2534014], verdict: failed("no_such_user") },
  // Fetching the file failed: that can pass.
  { code: 100, subcode: [2018008, 2018294], verdict: retry("attachment") },
  { code: 100, subcode: [2018047, 2018074, 2018109], verdict: failed("attachment") },
  { code: [100, 105, 194], verdict: failed("invalid") },
];

/** Larger numbers are subcodes even where a code should stand; 33 and 99 could be either. */
const HIGHEST_CODE = 1_000_000;

/**
 * @param status HTTP status of Meta's answer
 * @param error what its body said, if it was an error in Meta's form
 * @param afterMs how long Meta asks to wait, if it does
 */
export function judge(
  status: number,
  error: GraphError | undefined,
  afterMs: number | undefined,
): SendOutcome {
  const asked = afterMs === undefined ? {} : { afterMs };
  if (!error) {
    // Not Meta's form but a proxy's, which lost the answer of what stands behind it: it may have been taken.
    if (status === 502 || status === 504) return { kind: "unknown", reason: `HTTP ${status}` };
    return {
      kind: "retry",
      code: status === 429 ? "rate_limited" : "temporary",
      reason: `HTTP ${status}`,
      ...asked,
    };
  }
  const reason = `(#${error.code}${error.subcode === undefined ? "" : `/${error.subcode}`}) ${error.message}`;
  const row = TABLE.find((one) => fits(one, error));
  if (error.isTransient && (!row || row.verdict.kind === "failed")) {
    return { kind: "retry", code: "temporary", reason, ...asked };
  }
  if (row) {
    const { verdict } = row;
    return verdict.kind === "unknown" ? { kind: "unknown", reason } : { ...verdict, reason, ...asked };
  }
  if (status === 429) return { kind: "retry", code: "rate_limited", reason, ...asked };
  // Unknown: tried again a bounded number of times (conversation/backoff.ts), then failed with Meta's own words.
  return {
    kind: "retry",
    code: status >= 500 ? "temporary" : "unknown_error",
    reason,
    ...asked,
  };
}

function fits({ code, subcode, says }: Row, error: GraphError): boolean {
  if (subcode?.includes(error.code) && error.code > HIGHEST_CODE) return true;
  const codes = typeof code === "number" ? [code] : code;
  if (!codes.includes(error.code)) return false;
  if (subcode && (error.subcode === undefined || !subcode.includes(error.subcode))) return false;
  return says === undefined || says.test(error.message);
}
