import type * as z from "zod/mini";

/** Why a control call is refused; caught in one place and answered as `{"error":{"code","message"}}`. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function ok(body: unknown): Response {
  return Response.json(body, { headers: { "Cache-Control": "no-store" } });
}

export function refused({ status, code, message }: Refusal, headers: HeadersInit = {}): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}

/** The largest body a control call may have, in characters. It keeps every event inside a row of storage. */
const MAX_BODY = 256_000;

/**
 * Reads and checks a JSON body.
 *
 * @throws Refusal if it is not JSON, too long, or of another shape; the message names the field.
 */
export async function readBody<Schema extends z.ZodMiniType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await request.text();
  if (text.length > MAX_BODY)
    throw new Refusal(413, "body_too_large", `The body may have ${MAX_BODY} characters.`);
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.length ? `Field ${issue.path.map(String).join(".")}` : "The body";
  const keys = issue?.code === "unrecognized_keys" ? ` (unknown: ${issue.keys.join(", ")})` : "";
  const message =
    issue?.code === "custom" ? issue.message : `${field} is not as docs/simulator.md says${keys}.`;
  throw new Refusal(400, "invalid_body", message);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "invalid_json", "The body is not valid JSON.");
  }
}
