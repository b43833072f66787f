import type { DeliverWork, DeliveryOutcome } from "../conversation/work.ts";

/** A bot as the dispatcher sees it, whatever protocol it speaks. One file each in this folder. */
export interface Bot {
  /**
   * Takes events to the bot and brings its answer back.
   * Never throws for what the bot does: every way it can fail is an outcome.
   */
  deliver(work: DeliverWork): Promise<DeliveryOutcome>;
}
