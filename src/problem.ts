/** One shape for every error a caller can meet: RFC 9457 problem details with a stable `code`. */

interface ProblemInit {
  status: number;
  /** Stable, snake_case; documented in docs/deploying.md and docs/api.md. Clients branch on this, never on the text. */
  code: string;
  /** What is wrong and what to do next. Never holds a secret or any part of the caller's body. */
  detail: string;
  headers?: Record<string, string>;
  /** Further members of the problem object (RFC 9457 §3.2). */
  extra?: Record<string, unknown>;
}

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

export function problem({ status, code, detail, headers, extra }: ProblemInit): Response {
  const body = { type: "about:blank", title: TITLES[status] ?? "Error", status, code, detail, ...extra };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
