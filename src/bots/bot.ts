import type { DeliverWork, DeliveryOutcome } from "../conversation/work.ts";

/** How a call of the bot can end. `gone`: it wants nothing more from this page. */
export type BotOutcome =
  | Exclude<DeliveryOutcome, { kind: "postponed" }>
  | { kind: "gone"; status: number; reason: string };

/** A bot as the dispatcher sees it, whatever protocol it speaks. One file each in this folder. */
export interface Bot {
  /**
   * Takes events to the bot and brings its answer back.
   * Never throws for what the bot does: every way it can fail is an outcome.
   * @returns the outcome, and the text of the answer for the record
   */
  deliver(work: DeliverWork): Promise<{ outcome: BotOutcome; excerpt: string }>;
}
