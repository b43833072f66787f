import * as z from "zod/mini";
import type { Job } from "../job.ts";
import type { ApiResult, GatewayApi } from "../places/gateway-api.ts";
import type { Mark } from "../terminal/report.ts";

/** What the gateway itself says of pages whose tokens it alone has (docs/api.md). */

const checksSchema = z.object({
  pages: z.array(
    z.object({
      page_id: z.string(),
      state: z.string(),
      problems: z.array(
        z.object({ code: z.string(), detail: z.optional(z.string()), remedy: z.optional(z.string()) }),
      ),
    }),
  ),
});
type Checks = z.infer<typeof checksSchema>;

const MARKS: Partial<Record<string, Mark>> = {
  ok: "good",
  repaired: "good",
  off: "skipped",
  warning: "missing",
  trouble: "failed",
};

/** Has the gateway look now, and put right what it can. */
export const checkNow = (api: GatewayApi, page: string): Promise<ApiResult<Checks>> =>
  api.call("/channels.check", { page_id: page }, checksSchema);

/** As it looked last. */
export const lastChecks = (api: GatewayApi): Promise<ApiResult<Checks>> =>
  api.get("/healthz?detail&page_size=50", checksSchema);

/** @param checks `undefined`: the gateway wasn't asked, or doesn't say */
export function tellOfSealed(
  { report }: Pick<Job, "report">,
  page: string,
  checks: Checks | undefined,
): void {
  const check = checks?.pages.find(({ page_id }) => page_id === page);
  const mark = check && MARKS[check.state];
  if (!check || !mark) {
    const text = `page ${page}: its token is in the Worker alone`;
    report.step("Subscription", "unknown", text, "Give the page's token again to have it looked at.");
    return;
  }
  const [problem] = check.problems;
  const text = problem?.detail ?? problem?.code ?? "the gateway finds it in order";
  report.step("Subscription", mark, `page ${page}: ${text}`, problem?.remedy);
}
