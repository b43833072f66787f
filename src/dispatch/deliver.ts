import type { BotOutcome, Delivered } from "../bots/bot.ts";
import { EXCERPT_CHARS } from "../conversation/limits.ts";
import type { ConversationLine } from "../conversation/stub.ts";
import type { DeliverWork, DeliveryOutcome, DeliveryReport } from "../conversation/work.ts";
import type { PageId } from "../ids.ts";
import { eventsWithMedia } from "../media/delivered.ts";
import { botEnd, graphEnd } from "../pages/ends.ts";
import type { Way } from "../pages/gate.ts";
import { type BotSpec, type PageSetup, rulesOf, setupOf } from "../pages/setup.ts";
import { type Next, showThinking } from "./feel.ts";
import { countSuccess, hadTrouble, isTakenForShut, remember, takeSuccesses } from "./gates.ts";
import { reportFree, reportTrouble, waitAtGate } from "./page-calls.ts";
import { freshProfile } from "./profile.ts";
import type { RunContext } from "./run.ts";
import { compareWith } from "./shadow.ts";
import { isInShare } from "./share.ts";
import { turnsBefore } from "./turns.ts";

/** What was told before conversations were woken isn't gone by, ms; those woken together ask once. */
const WOKEN_MS = 1000;

/** Takes a delivery to the page's bot, unless the bot is known to be down. */
export async function deliver(
  context: RunContext,
  line: ConversationLine,
  work: DeliverWork,
  way: Way,
): Promise<DeliveryReport> {
  const { config, pages } = context;
  const { id, page, owner } = work.conversation;
  const setup = await setupForBot(context, page, way);
  const { settings } = setup;
  const report = (outcome: DeliveryOutcome, tookMs: number, excerpt: string): DeliveryReport => ({
    delivery: work.delivery,
    attempt: work.attempt,
    owner,
    rules: rulesOf(setup),
    tookMs,
    excerpt: excerpt.slice(0, EXCERPT_CHARS),
    outcome,
  });
  const putOff = (reason: string) => report({ kind: "postponed", status: null, reason }, 0, "");
  if (!settings.isOn) {
    const trouble = { conversation: id, afterMs: undefined, isProbe: false, successes: 0 };
    await reportTrouble(pages, page, "bot", { ...trouble, reason: "bot_off" });
    return putOff("bot_off");
  }
  // A page without a token in the secrets may well have a bot of its own: another's is none of its users' business.
  if (setup.isGuess && setup.token === undefined) return putOff("page_unreachable");

  // Also while the bot is down: Meta's addresses may expire before it is back.
  const events = await eventsWithMedia(config, work);
  const { side, spec } = chosen(setup, id);
  const began = Date.now();
  if (way === "woken") remember(page, side, null, began);
  if (way === "ordinary" && isTakenForShut(page, side, began)) {
    const shut = await waitAtGate(pages, page, side, id);
    // It is on: whoever shut the gate for that hadn't heard yet, and would keep it shut.
    if (shut && shut.reason !== "bot_off") return putOff(shut.reason);
  }

  // While Meta can't be reached, nobody is kept waiting for what only Meta could tell or show.
  const graph = isTakenForShut(page, "graph", began) ? undefined : graphEnd(config, setup);
  const feel = showThinking({ graph }, settings, work);
  const profile = await freshProfile(graph, settings, work);
  const known = profile ? { ...work.conversation, profile: profile.value } : work.conversation;
  const told = profile ? { profile } : {};
  const asked = Date.now();
  const talk = { turns: (limit: number) => turnsBefore(line, work, limit) };
  const question = { ...work, conversation: known, events };
  const answer = botEnd(setup, spec).deliver(question, talk);
  const { shadow } = setup;
  if (shadow && work.attempt === 1 && isInShare("shadow", id, shadow.percent)) {
    compareWith(botEnd(setup, shadow.bot), context, question, talk, answer);
  }
  const delivered = await answer;
  const { outcome, excerpt, isAsked = true } = delivered;
  const tookMs = Date.now() - asked;
  await feel.end(nextOf(delivered));
  if (outcome.kind === "answered" || outcome.kind === "rejected" || isUnsayable(outcome)) {
    if (isAsked) countSuccess(page, side, Date.now());
    if (isAsked && (way === "probe" || hadTrouble(page, side))) await reportFree(pages, page, side);
    return { ...report(outcome, tookMs, excerpt), ...told };
  }

  await reportTrouble(pages, page, side, {
    conversation: id,
    reason: outcome.kind === "gone" ? "bot_gone" : "bot_failing",
    afterMs: outcome.kind === "retry" ? outcome.afterMs : undefined,
    isProbe: way === "probe",
    successes: takeSuccesses(page, side, Date.now()),
  });
  if (outcome.kind === "retry" && way !== "probe") return { ...report(outcome, tookMs, excerpt), ...told };
  // It was the page's try, or the page's bot is off: the delivery itself has nothing to answer for.
  const postponed = { kind: "postponed" as const, status: outcome.status, reason: outcome.reason };
  return { ...report(postponed, tookMs, excerpt), ...told };
}

/**
 * Who is woken may be so since the page has another bot; and before a bot that is off is taken for off by the whole page,
 * it is asked whether it still is.
 */
async function setupForBot(context: RunContext, page: PageId, way: Way): Promise<PageSetup> {
  const setup = await setupOf(context, page, way === "ordinary" ? Number.POSITIVE_INFINITY : WOKEN_MS);
  return setup.settings.isOn ? setup : setupOf(context, page, 0);
}

/** Which of the page's bots this user has. Every attempt asks anew: what is out stays with the bot that has it. */
function chosen({ bot, canary }: PageSetup, id: string): { side: "bot" | "canary"; spec: BotSpec } {
  return canary && isInShare("canary", id, canary.percent)
    ? { side: "canary", spec: canary.bot }
    : { side: "bot", spec: bot };
}

/** The bot is there, but what it said can't be sent. */
const isUnsayable = (
  outcome: BotOutcome,
): outcome is Extract<BotOutcome, { kind: "retry" }> & { attempts: number } =>
  outcome.kind === "retry" && outcome.attempts !== undefined;

/** What the user sees next. */
function nextOf({ outcome, repliesLater = false }: Delivered): Next {
  if (outcome.kind !== "answered") return "failure";
  if (outcome.answer.messages.some((body) => body["message"] !== undefined)) return "reply";
  // 202: the bot goes on, and replies by other means.
  return outcome.status === 202 || repliesLater ? "later" : "nothing";
}
