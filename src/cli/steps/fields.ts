import type { Job } from "../job.ts";
import { NEEDED_FIELDS, USUAL_FIELDS } from "../meta/fields.ts";
import type { GraphResult } from "../meta/graph.ts";

/** Which webhook fields are subscribed to, at the app and at its pages. */

/** Those that are named by flag, or else the usual ones but for those that Meta refused before. */
export function fieldsWanted({ flags, record }: Pick<Job, "flags" | "record">): readonly string[] {
  return flags.fields ?? USUAL_FIELDS.filter((field) => !record.contents.refused.includes(field));
}

/** Unknown, or not permitted. */
const REFUSALS = [3, 10, 100, 200];

/**
 * Subscribes to all that is wanted; where Meta doesn't know or permit a field, to those alone without which nothing works.
 * @param kept fields that are subscribed already, and stay
 */
export async function subscribed(
  job: Pick<Job, "flags" | "record" | "report">,
  kept: readonly string[],
  subscribe: (fields: readonly string[]) => Promise<GraphResult<unknown>>,
): Promise<GraphResult<{ fields: readonly string[] }>> {
  const wanted = fieldsWanted(job);
  const union = (fields: readonly string[]) => [...new Set([...kept, ...fields])];
  const all = await subscribe(union(wanted));
  if (all.ok) return { ok: true, value: { fields: union(wanted) } };
  if (job.flags.fields || !REFUSALS.includes(all.code)) return all;
  const needed = await subscribe(union(NEEDED_FIELDS));
  if (!needed.ok) return needed;
  const fields = union(NEEDED_FIELDS);
  const refused = wanted.filter((field) => !fields.includes(field));
  job.record.change({ refused: [...new Set([...job.record.contents.refused, ...refused])] });
  job.report.step(
    "Fields",
    "skipped",
    `Meta doesn't give ${refused.join(", ")}: “${all.message}”`,
    "Give --fields to choose them yourself.",
  );
  return { ok: true, value: { fields } };
}
