import { identify } from "./api/auth.ts";
import { listChecks } from "./api/checks.ts";
import { type ConfigProblem, type ConfigResult, configOf } from "./env.ts";
import { problem } from "./problem.ts";

/** `GET /healthz`, which anybody may ask; with `?detail`, what an admin may know besides. */
export async function answerHealth(request: Request, env: Cloudflare.Env): Promise<Response> {
  const settings = configOf(env);
  const { searchParams } = new URL(request.url);
  if (!settings.ok || !searchParams.has("detail")) return health(settings);
  const { config } = settings;
  const who = await identify(request, config.apiKeys, "admin");
  return who.ok ? listChecks(searchParams, config, env, who.caller) : who.response;
}

/** Whether the gateway can work: 200, or 503 with what is missing and how to set it. Values are never shown. */
function health(settings: ConfigResult): Response {
  if (!settings.ok) return notConfigured(settings.problems);
  return Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } });
}

export function notConfigured(problems: ConfigProblem[]): Response {
  const names = [...new Set(problems.map((one) => one.name))];
  return problem({
    status: 503,
    code: "not_configured",
    detail: `The gateway is not configured: ${names.join(", ")}. See "problems" for how to set them.`,
    headers: { "retry-after": "60" },
    extra: { problems },
  });
}
