import { waitUntil } from "cloudflare:workers";
import type { PageId } from "../ids.ts";
import type { Page } from "../pages/page.ts";

/**
 * When a page was heard of last, without a write for each message: an isolate tells the page's object every few minutes at
 * most. Nobody waits for that, and one that gets lost is made up for by the next.
 */
const EVERY_MS = 5 * 60_000;
const MAX_REMEMBERED = 5000;

const toldAt = new Map<PageId, number>();

/** @param now ms */
export function noteWebhooks(
  pages: DurableObjectNamespace<Page>,
  heardOf: Iterable<PageId>,
  now: number,
): void {
  for (const page of heardOf) {
    if (now - (toldAt.get(page) ?? 0) < EVERY_MS) continue;
    if (toldAt.size >= MAX_REMEMBERED) toldAt.clear();
    toldAt.set(page, now);
    waitUntil(tell(pages, page, now));
  }
}

async function tell(pages: DurableObjectNamespace<Page>, page: PageId, now: number): Promise<void> {
  try {
    await pages.getByName(page).noteWebhook(now);
  } catch (error) {
    toldAt.delete(page);
    console.error({ event: "page_unreachable", error: String(error) });
  }
}
