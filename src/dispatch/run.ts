import type { Conversation } from "../conversation/conversation.ts";
import { SEND_MS } from "../conversation/limits.ts";
import { callConversation } from "../conversation/stub.ts";
import type { Capacity, DeliverWork, SendOutcome, SendWork, Work } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import { type ConversationId, PAGE_ITSELF } from "../ids.ts";
import { type Page, pageOf } from "../pages/page.ts";

/** A Worker lives 30 s after its answer. What can't be finished and reported within is left to the alarm. */
const RUN_MS = 28_000;
const REPORT_MS = 1_000;

export interface RunContext {
  config: Config;
  conversations: DurableObjectNamespace<Conversation>;
  /** When the run began, ms. */
  startedAt: number;
}

/**
 * Does a conversation's work and what follows from it, until nothing is left or the run's time is up. Work of both
 * directions goes on side by side; within a direction the object hands out the next only after the last is reported.
 */
export async function run(context: RunContext, conversation: ConversationId, work: Work[]): Promise<void> {
  const settled = await Promise.allSettled(work.map((one) => follow(context, conversation, one)));
  for (const one of settled) {
    // The object has the work on record: its alarm hands it out again.
    if (one.status === "rejected") console.error({ event: "run_failed", error: String(one.reason) });
  }
}

async function follow(context: RunContext, conversation: ConversationId, work: Work): Promise<void> {
  const next =
    work.kind === "deliver" ? await deliver(context, work) : await send(context, conversation, work);
  if (next.length > 0) await run(context, conversation, next);
}

async function deliver(context: RunContext, work: DeliverWork): Promise<Work[]> {
  const { id, page } = work.conversation;
  const began = Date.now();
  const outcome = await pageOf(context.config, page).bot.deliver(work);
  const report = { delivery: work.delivery, attempt: work.attempt, tookMs: Date.now() - began, outcome };
  return callConversation(context.conversations, id, (stub) =>
    stub.settleDelivery(report, capacityOf(context)),
  );
}

async function send(context: RunContext, conversation: ConversationId, work: SendWork): Promise<Work[]> {
  const outcome = await sendVia(pageOf(context.config, work.page), work);
  if (outcome.kind === "hold") {
    console.warn({ event: "message_held", page: work.page, code: outcome.code, reason: outcome.reason });
  }
  const report = { entry: work.entry, index: work.index, attempt: work.attempt, outcome };
  return callConversation(context.conversations, conversation, (stub) =>
    stub.settleSend(report, capacityOf(context)),
  );
}

async function sendVia({ graph }: Page, work: SendWork): Promise<SendOutcome> {
  if (work.user === PAGE_ITSELF) {
    return { kind: "failed", code: "no_recipient", reason: "the event concerns the page, not a person" };
  }
  if (!graph) return { kind: "hold", code: "no_token", reason: "no access token of this page is configured" };
  for (const action of work.actions) await graph.act(work.user, action);
  const outcome = await graph.send(work.user, work.body);
  if (!work.isAction || outcome.kind === "sent" || outcome.kind === "failed") return outcome;
  // Typing dots that come late only puzzle the user, and what waits behind them is worth more.
  return { kind: "failed", code: "action_lost", reason: outcome.reason };
}

function capacityOf({ startedAt, config }: RunContext): Capacity {
  const left = startedAt + RUN_MS - Date.now();
  return { deliver: left >= config.bot.timeoutMs + REPORT_MS, send: left >= SEND_MS + REPORT_MS };
}
