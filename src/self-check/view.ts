import type { Check, PageCheck } from "../pages/directory/check.ts";
import type { Vitals } from "../pages/page.ts";
import { nameOf, type Problem, tell } from "./problems.ts";

/** Checks as the API shows them. */

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const problemView = (problem: Problem) => ({
  code: nameOf(problem),
  ...tell(problem),
  ...(problem.isRepaired ? { repaired: true } : {}),
});

const checkView = (check: Check | null) => ({
  state: check?.state ?? "unknown",
  problems: [...(check?.problems ?? []), ...(check?.missed ? [check.missed] : [])].map(problemView),
  since: time(check?.since ?? null),
  checked_at: time(check?.checkedAt ?? null),
});

/** @param id `undefined`: it isn't known, and nothing can be checked without it */
export const appView = (id: string | undefined, check: Check | null) => ({
  id: id ?? null,
  ...checkView(check),
  ...(id === undefined ? { problems: [problemView({ code: "app_id_required" })] } : {}),
});

export const pageView = ({ page, channel, check }: PageCheck, { lastWebhookAt, gates }: Vitals) => ({
  page_id: page,
  name: channel?.name ?? null,
  source: channel?.source ?? "facebook",
  ...checkView(check),
  last_webhook_at: time(lastWebhookAt),
  // One that isn't tried again by itself has no time.
  gates: gates.map(({ side, reason, until }) => ({
    side,
    reason,
    until: Number.isFinite(until) ? time(until) : null,
  })),
});
