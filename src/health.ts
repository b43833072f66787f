import type { ConfigProblem, ConfigResult } from "./env.ts";
import { problem } from "./problem.ts";

/** Whether the gateway can work: 200, or 503 with what is missing and how to set it. Values are never shown. */
export function health(settings: ConfigResult): Response {
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
