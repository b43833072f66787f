import { exports } from "cloudflare:workers";

/** The keys of vitest.config.ts, by role. */
const KEYS = {
  bot: "bot-key-of-the-tests-000001",
  operator: "operator-key-of-the-tests-1",
  admin: "admin-key-of-the-tests-0001",
  /** An admin's of another page alone. */
  elsewhere: "bot-key-of-another-page-001",
} as const;

/** Calls the HTTP API as somebody of a role. */
export const call = (
  path: string,
  body: unknown,
  role: keyof typeof KEYS,
  headers: Record<string, string> = {},
  method = "POST",
): Promise<Response> =>
  exports.default.fetch(
    new Request(`https://gateway.invalid${path}`, {
      method,
      headers: { authorization: `Bearer ${KEYS[role]}`, ...headers },
      ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
    }),
  );
