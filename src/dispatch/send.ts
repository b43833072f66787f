import type { SendOutcome, SendReport, SendWork } from "../conversation/work.ts";
import { type ConversationId, PAGE_ITSELF } from "../ids.ts";
import { type Ends, endsOf } from "../pages/ends.ts";
import type { Shut, ShutReason, Way } from "../pages/gate.ts";
import { hadTrouble, isTakenForShut, remember } from "./gates.ts";
import { reportFree, reportTrouble, waitAtGate } from "./page-calls.ts";
import type { RunContext } from "./run.ts";

/** Sends a message, unless its page is known to be unable to. */
export async function send(
  { config, pages }: RunContext,
  conversation: ConversationId,
  work: SendWork,
  way: Way,
): Promise<SendReport> {
  const { page, entry, index, attempt } = work;
  const report = (outcome: SendOutcome): SendReport => ({ entry, index, attempt, outcome });
  if (work.user === PAGE_ITSELF) {
    return report({
      kind: "failed",
      code: "no_recipient",
      reason: "the event concerns the page, not a person",
    });
  }
  const now = Date.now();
  if (way === "woken") remember(page, "graph", null, now);
  if (way === "ordinary" && isTakenForShut(page, "graph", now)) {
    const shut = await waitAtGate(pages, page, "graph", conversation);
    if (shut) return report(work.isAction ? actionLost(shut.reason) : held(shut));
  }

  const outcome = await sendVia(endsOf(config, page), work);
  const reason = troubleIn(outcome);
  if (reason) {
    const afterMs = "afterMs" in outcome ? outcome.afterMs : undefined;
    const isProbe = way === "probe";
    await reportTrouble(pages, page, "graph", { conversation, reason, afterMs, isProbe, successes: 0 });
    console.warn({
      event: "message_held",
      page,
      code: reason,
      reason: "reason" in outcome ? outcome.reason : null,
    });
  } else if (way === "probe" || hadTrouble(page, "graph")) {
    // Whatever else became of it, what shut the gate is over; or if nobody can say, the next to send will find out.
    await reportFree(pages, page, "graph");
  }
  if (work.isAction && "reason" in outcome && outcome.kind !== "failed")
    return report(actionLost(outcome.reason));
  return report(
    reason && outcome.kind === "retry" ? { ...outcome, kind: "hold", code: "rate_limited" } : outcome,
  );
}

async function sendVia({ graph }: Ends, work: SendWork): Promise<SendOutcome> {
  if (!graph) return { kind: "hold", code: "no_token", reason: "no access token of this page is configured" };
  for (const action of work.actions) await graph.act(work.user, action);
  return graph.send(work.user, work.body);
}

/** Typing dots that come late only puzzle the user, and what waits behind them is worth more. */
const actionLost = (reason: string): SendOutcome => ({ kind: "failed", code: "action_lost", reason });

/** Outcomes that concern the whole page: none of its messages would fare better now. */
function troubleIn(outcome: SendOutcome): ShutReason | undefined {
  if (outcome.kind === "hold") return outcome.code;
  return outcome.kind === "retry" && outcome.code === "rate_limited" ? "rate_limited" : undefined;
}

const held = ({ reason, until }: Shut): SendOutcome => ({
  kind: "hold",
  // A page's way to Graph is shut for no reason of its bot's.
  code: reason === "bot_failing" || reason === "bot_gone" ? "rate_limited" : reason,
  reason: `the page waits until ${new Date(until).toISOString()}`,
});
