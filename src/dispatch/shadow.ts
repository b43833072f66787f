import { waitUntil } from "cloudflare:workers";
import type { Bot, Delivered } from "../bots/bot.ts";
import type { DeliverWork } from "../conversation/work.ts";
import type { Comparison, SaidBy } from "../pages/comparisons.ts";
import type { RunContext } from "./run.ts";

/**
 * A bot on trial gets what the page's bot gets. What it says is compared and never sent; nobody waits for it, and how it
 * fails concerns nobody.
 * @param primary the page's bot's answer
 */
export function compareWith(
  shadow: Bot,
  { pages }: RunContext,
  work: DeliverWork,
  talk: Parameters<Bot["deliver"]>[1],
  primary: Promise<Delivered>,
): void {
  const compare = async () => {
    const [ours, theirs] = await Promise.all([timed(primary), timed(shadow.deliver(work, talk))]);
    // Neither is asked what concerns neither.
    if (ours.isAsked === false && theirs.isAsked === false) return;
    const comparison: Comparison = {
      conversation: work.conversation.id,
      delivery: work.delivery,
      at: Date.now(),
      verdict: verdictOn(ours.said, theirs.said),
      primary: kept(ours.said),
      shadow: kept(theirs.said),
    };
    await pages.getByName(work.conversation.page).noteComparison(comparison);
  };
  waitUntil(
    compare().catch((error: unknown) => console.error({ event: "shadow_failed", error: String(error) })),
  );
}

interface Timed {
  said: SaidBy;
  isAsked: boolean | undefined;
}

async function timed(delivered: Promise<Delivered>): Promise<Timed> {
  const began = Date.now();
  const { outcome, isAsked } = await delivered;
  const tookMs = Date.now() - began;
  if (outcome.kind !== "answered") {
    return { said: { status: outcome.status, tookMs, reason: outcome.reason, answer: null }, isAsked };
  }
  const { messages, actions, handover } = outcome.answer;
  const answer = JSON.stringify({ messages, actions, ...(handover === undefined ? {} : { handover }) });
  return { said: { status: outcome.status, tookMs, reason: null, answer }, isAsked };
}

/** Of a long answer the start is enough to see what it was about. */
const kept = (said: SaidBy): SaidBy =>
  said.answer !== null && said.answer.length > KEPT_CHARS
    ? { ...said, answer: JSON.stringify({ cut: said.answer.slice(0, KEPT_CHARS) }) }
    : said;

const KEPT_CHARS = 8192;

function verdictOn(primary: SaidBy, shadow: SaidBy): Comparison["verdict"] {
  if (primary.answer === null) return "primary_failed";
  if (shadow.answer === null) return "shadow_failed";
  return primary.answer === shadow.answer ? "same" : "different";
}
