import type * as z from "zod/mini";
import type { CallFailure, CallResult } from "./client.ts";

/** A call's answer as the schema has it, or how it failed; a shape that isn't Graph's counts as no answer. */
export function reading<Schema extends z.ZodMiniType>(
  result: CallResult,
  schema: Schema,
): { ok: true; value: z.infer<Schema> } | CallFailure {
  if (!result.ok) return result;
  const parsed = schema.safeParse(result.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, status: 200, code: "no_answer", reason: "the answer was not Graph's", isFinal: false };
}
