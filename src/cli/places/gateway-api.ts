import * as z from "zod/mini";

/** A running gateway, as its HTTP API shows it. */

const LIMIT_MS = 20_000;

export type Health =
  | { state: "ok" }
  | { state: "not_configured"; problems: string[] }
  /** Nobody answers there, or somebody else. */
  | { state: "silent" };

const okSchema = z.object({ status: z.literal("ok") });
const problemSchema = z.object({
  code: z.string(),
  detail: z.optional(z.string()),
  problems: z.optional(z.array(z.object({ name: z.string(), problem: z.string(), how: z.string() }))),
});

export async function healthOf(url: string): Promise<Health> {
  const answer = await ask(`${url}/healthz`, {});
  if (answer?.status === 200 && okSchema.safeParse(answer.json).success) return { state: "ok" };
  const problem = problemSchema.safeParse(answer?.json).data;
  if (problem?.code !== "not_configured") return { state: "silent" };
  const problems = (problem.problems ?? []).map((one) => `${one.name} ${one.problem}: ${one.how}`);
  return { state: "not_configured", problems };
}

export type ApiResult<Value> =
  | { ok: true; value: Value }
  /** `code` is `silent` if nobody answers. */
  | { ok: false; status: number; code: string; detail: string };

export class GatewayApi {
  readonly url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.#key = key;
  }

  call<Schema extends z.ZodMiniType>(
    path: string,
    body: unknown,
    schema: Schema,
  ): Promise<ApiResult<z.infer<Schema>>> {
    const headers = { "content-type": "application/json" };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) }, schema);
  }

  get<Schema extends z.ZodMiniType>(path: string, schema: Schema): Promise<ApiResult<z.infer<Schema>>> {
    return this.#ask(path, {}, schema);
  }

  async #ask<Schema extends z.ZodMiniType>(
    path: string,
    init: RequestInit,
    schema: Schema,
  ): Promise<ApiResult<z.infer<Schema>>> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#key}` };
    const answer = await ask(`${this.url}${path}`, { ...init, headers });
    const value = schema.safeParse(answer?.json);
    if (answer && answer.status < 300 && value.success) return { ok: true, value: value.data };
    const { code = "silent", detail = "the gateway doesn't answer" } =
      problemSchema.safeParse(answer?.json).data ?? {};
    return { ok: false, status: answer?.status ?? 0, code, detail };
  }
}

async function ask(url: string, init: RequestInit): Promise<{ status: number; json: unknown } | undefined> {
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(LIMIT_MS) });
    return { status: response.status, json: await response.json().catch(() => undefined) };
  } catch {
    return undefined;
  }
}
