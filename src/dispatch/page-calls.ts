import type { PageId } from "../ids.ts";
import type { Shut, Side, Trouble } from "../pages/gate.ts";
import { remember } from "./gates.ts";
import type { RunContext } from "./run.ts";

/**
 * What a run says to the page's object. None of these calls may fail the run: what the bot or Graph has answered is worth
 * more than what the page hears of it. A page that can't be reached counts as one whose gates are open.
 */

type Pages = RunContext["pages"];

/** @returns the gate, if it is shut */
export async function waitAtGate(
  pages: Pages,
  page: PageId,
  side: Side,
  conversation: string,
): Promise<Shut | null> {
  const shut = await heard(() => pages.getByName(page).waits(side, conversation));
  remember(page, side, shut, Date.now());
  return shut;
}

/** @returns the gate, if it is shut (now) */
export async function reportTrouble(
  pages: Pages,
  page: PageId,
  side: Side,
  trouble: Trouble,
): Promise<Shut | null> {
  const shut = await heard(() => pages.getByName(page).trouble(side, trouble));
  remember(page, side, shut, Date.now());
  return shut;
}

export async function reportFree(pages: Pages, page: PageId, side: Side): Promise<void> {
  remember(page, side, null, Date.now());
  await heard(() => pages.getByName(page).free(side));
}

async function heard<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    console.error({ event: "page_unreachable", error: String(error) });
    return null;
  }
}
