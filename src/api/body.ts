import type * as z from "zod/mini";
import { problem } from "../problem.ts";
import { decode } from "../utf8.ts";
import { readLimited } from "../webhook/body.ts";

const MAX_BYTES = 256 * 1024;

/** A request's JSON body as the schema has it, or the problem to answer with. An empty body is `{}`. */
export async function readBody<Schema extends z.ZodMiniType>(
  request: Request,
  schema: Schema,
): Promise<{ ok: true; value: z.infer<Schema> } | { ok: false; response: Response }> {
  const refuse = (status: number, code: string, detail: string) =>
    ({ ok: false, response: problem({ status, code, detail }) }) as const;
  const bytes = await readLimited(request, MAX_BYTES);
  if (!bytes) return refuse(413, "body_too_large", `A body is limited to ${MAX_BYTES} bytes.`);
  let json: unknown;
  try {
    const text = decode(bytes);
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return refuse(400, "malformed_json", "The body is not JSON.");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return refuse(400, "invalid_body", `${path === "" ? "The body" : path}: ${issue?.message ?? "not valid"}`);
}
