import type { BotOutcome } from "../bots/bot.ts";
import { EXCERPT_CHARS } from "../conversation/limits.ts";
import type { DeliverWork, DeliveryOutcome, DeliveryReport } from "../conversation/work.ts";
import { eventsWithMedia } from "../media/delivered.ts";
import { endsOf } from "../pages/ends.ts";
import type { Way } from "../pages/gate.ts";
import { type Next, showThinking } from "./feel.ts";
import { countSuccess, hadTrouble, isTakenForShut, remember, takeSuccesses } from "./gates.ts";
import { reportFree, reportTrouble, waitAtGate } from "./page-calls.ts";
import { freshProfile } from "./profile.ts";
import type { RunContext } from "./run.ts";

/** Takes a delivery to the page's bot, unless the bot is known to be down. */
export async function deliver(
  { config, pages }: RunContext,
  work: DeliverWork,
  way: Way,
): Promise<DeliveryReport> {
  const { id, page, owner } = work.conversation;
  const settings = config.settingsOf(page);
  const report = (outcome: DeliveryOutcome, tookMs: number, excerpt: string): DeliveryReport => ({
    delivery: work.delivery,
    attempt: work.attempt,
    owner,
    handBackMs: settings.handBackMs,
    tookMs,
    excerpt: excerpt.slice(0, EXCERPT_CHARS),
    outcome,
  });

  // Also while the bot is down: Meta's addresses may expire before it is back.
  const events = await eventsWithMedia(config, work);
  const began = Date.now();
  if (way === "woken") remember(page, "bot", null, began);
  if (way === "ordinary" && isTakenForShut(page, "bot", began)) {
    const shut = await waitAtGate(pages, page, "bot", id);
    if (shut) return report({ kind: "postponed", status: null, reason: shut.reason }, 0, "");
  }

  const ends = endsOf(config, page);
  // While Meta can't be reached, nobody is kept waiting for what only Meta could tell or show.
  const graph = isTakenForShut(page, "graph", began) ? undefined : ends.graph;
  const feel = showThinking({ graph }, settings, work);
  const profile = await freshProfile(graph, settings, work);
  const known = profile ? { ...work.conversation, profile: profile.value } : work.conversation;
  const told = profile ? { profile } : {};
  const asked = Date.now();
  const {
    outcome,
    excerpt,
    isAsked = true,
  } = await ends.bot.deliver({ ...work, conversation: known, events });
  const tookMs = Date.now() - asked;
  await feel.end(nextOf(outcome));
  if (outcome.kind === "answered" || outcome.kind === "rejected" || isUnsayable(outcome)) {
    if (isAsked) countSuccess(page, Date.now());
    if (isAsked && (way === "probe" || hadTrouble(page, "bot"))) await reportFree(pages, page, "bot");
    return { ...report(outcome, tookMs, excerpt), ...told };
  }

  await reportTrouble(pages, page, "bot", {
    conversation: id,
    reason: outcome.kind === "gone" ? "bot_gone" : "bot_failing",
    afterMs: outcome.kind === "retry" ? outcome.afterMs : undefined,
    isProbe: way === "probe",
    successes: takeSuccesses(page, Date.now()),
  });
  if (outcome.kind === "retry" && way !== "probe") return { ...report(outcome, tookMs, excerpt), ...told };
  // It was the page's try, or the page's bot is off: the delivery itself has nothing to answer for.
  const postponed = { kind: "postponed" as const, status: outcome.status, reason: outcome.reason };
  return { ...report(postponed, tookMs, excerpt), ...told };
}

/** The bot is there, but what it said can't be sent. */
const isUnsayable = (
  outcome: BotOutcome,
): outcome is Extract<BotOutcome, { kind: "retry" }> & { attempts: number } =>
  outcome.kind === "retry" && outcome.attempts !== undefined;

/** What the user sees next. */
function nextOf(outcome: BotOutcome): Next {
  if (outcome.kind !== "answered") return "failure";
  if (outcome.answer.messages.some((body) => body["message"] !== undefined)) return "reply";
  // 202: the bot goes on, and replies by other means.
  return outcome.status === 202 ? "later" : "nothing";
}
