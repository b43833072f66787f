import type { BotOutcome } from "../bots/bot.ts";
import { EXCERPT_CHARS } from "../conversation/limits.ts";
import type { DeliverWork, DeliveryOutcome, DeliveryReport } from "../conversation/work.ts";
import { endsOf } from "../pages/ends.ts";
import type { Shut, Way } from "../pages/gate.ts";
import { countSuccess, hadTrouble, rememberShut, shutGate, takeSuccesses } from "./gates.ts";
import type { RunContext } from "./run.ts";

/** Takes a delivery to the page's bot, unless the bot is known to be down. */
export async function deliver(context: RunContext, work: DeliverWork, way: Way): Promise<DeliveryReport> {
  const { id, page } = work.conversation;
  const report = (outcome: DeliveryOutcome, tookMs: number, excerpt: string) => ({
    delivery: work.delivery,
    attempt: work.attempt,
    tookMs,
    excerpt: excerpt.slice(0, EXCERPT_CHARS),
    outcome,
  });

  const began = Date.now();
  if (way === "woken") rememberShut(page, "bot", null, began);
  const known = way === "ordinary" ? shutGate(page, "bot", began) : undefined;
  if (known) {
    const shut = await context.pages.getByName(page).waits("bot", id);
    rememberShut(page, "bot", shut, Date.now());
    if (shut) return report(postponed(shut), 0, "");
  }

  const { outcome, excerpt } = await endsOf(context.config, page).bot.deliver(work);
  const tookMs = Date.now() - began;
  if (outcome.kind === "answered" || outcome.kind === "rejected") {
    countSuccess(page);
    if (way === "probe" || hadTrouble(page, "bot")) {
      rememberShut(page, "bot", null, Date.now());
      await context.pages.getByName(page).free("bot");
    }
    return report(outcome, tookMs, excerpt);
  }

  const shut = await reportTrouble(context, work, outcome, way);
  rememberShut(page, "bot", shut, Date.now());
  if (outcome.kind === "retry" && way !== "probe") return report(outcome, tookMs, excerpt);
  // It was the page's try, or the page's bot is off: the delivery itself has nothing to answer for.
  return report({ kind: "postponed", status: outcome.status, reason: outcome.reason }, tookMs, excerpt);
}

type Failed = BotOutcome & { kind: "retry" | "gone" };

async function reportTrouble(
  { pages }: RunContext,
  { conversation: { id, page } }: DeliverWork,
  outcome: Failed,
  way: Way,
): Promise<Shut | null> {
  const afterMs = outcome.kind === "retry" ? outcome.afterMs : undefined;
  const stub = pages.getByName(page);
  if (way === "probe" && outcome.kind === "retry") return stub.probed("bot", afterMs);
  const reason = outcome.kind === "gone" ? "bot_gone" : "bot_failing";
  return stub.trouble("bot", { conversation: id, reason, afterMs, successes: takeSuccesses(page) });
}

const postponed = ({ reason }: Shut): DeliveryOutcome => ({ kind: "postponed", status: null, reason });
