import { SEND_MS } from "../conversation/limits.ts";
import type { ConversationLine } from "../conversation/stub.ts";
import type { Capacity, SendReport, TellWork, Work } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import type { Way } from "../pages/gate.ts";
import type { Page } from "../pages/page.ts";
import { deliver } from "./deliver.ts";
import { send } from "./send.ts";

/** A Worker lives 30 s after its answer. What can't be finished and reported within is left to the alarm. */
const RUN_MS = 28_000;
const REPORT_MS = 1_000;
/** What goes along with a call of the bot, ms: asking Meta about the user, and what the user is being shown. */
const AROUND_BOT_MS = 3_500;

export interface RunContext {
  config: Config;
  pages: DurableObjectNamespace<Page>;
  /** When the run began, ms. */
  startedAt: number;
  /** Hears of what was sent before its conversation does. */
  onSent?: (report: SendReport) => void;
}

/**
 * Does a conversation's work and what follows from it, until nothing is left or the run's time is up. Work of both
 * directions goes on side by side; within a direction the object hands out the next only after the last is reported.
 */
export async function run(
  context: RunContext,
  conversation: ConversationLine,
  work: Work[],
  way: Way,
): Promise<void> {
  const settled = await Promise.allSettled(work.map((one) => follow(context, conversation, one, way)));
  for (const one of settled) {
    // The object has the work on record: its alarm hands it out again.
    if (one.status === "rejected") console.error({ event: "run_failed", error: String(one.reason) });
  }
}

async function follow(
  context: RunContext,
  conversation: ConversationLine,
  work: Work,
  way: Way,
): Promise<void> {
  const next = await perform(context, conversation, work, way);
  // A probe or a wake-up is for one piece of work; what follows goes the ordinary way.
  if (next.length > 0) await run(context, conversation, next, "ordinary");
}

async function perform(context: RunContext, line: ConversationLine, work: Work, way: Way): Promise<Work[]> {
  if (work.kind === "deliver") {
    const result = await deliver(context, line, work, way);
    return line.call((stub) => stub.settleDelivery(result, capacityOf(context)));
  }
  if (work.kind === "send") {
    const result = await send(context, line.id, work, way);
    context.onSent?.(result);
    return line.call((stub) => stub.settleSend(result, capacityOf(context)));
  }
  await tell(context, work);
  const entries = work.letters.map(({ entry }) => entry);
  return line.call((stub) => stub.settleTelling(entries, capacityOf(context)));
}

async function tell({ pages }: RunContext, { page, conversation, letters }: TellWork): Promise<void> {
  await pages.getByName(page).note(conversation, letters);
}

function capacityOf({ startedAt, config }: RunContext): Capacity {
  const left = startedAt + RUN_MS - Date.now();
  return {
    deliver: left >= config.bot.timeoutMs + AROUND_BOT_MS + REPORT_MS,
    send: left >= SEND_MS + REPORT_MS,
    tell: left >= 2 * REPORT_MS,
  };
}
