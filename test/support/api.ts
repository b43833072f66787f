import { exports } from "cloudflare:workers";

/** The keys of vitest.config.ts, by role. */
const KEYS = {
  bot: "bot-key-of-the-tests-000001",
  operator: "operator-key-of-the-tests-1",
  admin: "admin-key-of-the-tests-0001",
} as const;

/** Calls the HTTP API as somebody of a role. */
export const call = (
  path: string,
  body: unknown,
  role: keyof typeof KEYS,
  headers: Record<string, string> = {},
): Promise<Response> =>
  exports.default.fetch(
    new Request(`https://gateway.invalid${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEYS[role]}`, ...headers },
      body: JSON.stringify(body),
    }),
  );
