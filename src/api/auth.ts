import type { ApiKey } from "../env-formats.ts";
import { problem } from "../problem.ts";
import { encode } from "../utf8.ts";

export type Role = ApiKey["role"];

/** A role may do what those below it may. */
const RANK: Record<Role, number> = { bot: 0, operator: 1, admin: 2 };

/**
 * Who calls, by `Authorization: Bearer <key>`.
 * @returns `undefined` when the caller may, else the answer: 401 without a known key, 403 with one of a lesser role
 */
export async function refusal(
  request: Request,
  keys: readonly ApiKey[],
  atLeast: Role,
): Promise<Response | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const role = token === undefined ? undefined : await roleOf(token, keys);
  if (role === undefined) {
    return problem({
      status: 401,
      code: "key_required",
      detail: "Send Authorization: Bearer with one of the keys in API_KEYS.",
      headers: { "www-authenticate": "Bearer" },
    });
  }
  if (RANK[role] >= RANK[atLeast]) return undefined;
  return problem({
    status: 403,
    code: "role_too_low",
    detail: `This needs a key of role ${atLeast} or higher.`,
  });
}

/** Constant-time: digests of equal length are compared, and every key, so that time tells neither text nor place. */
async function roleOf(token: string, keys: readonly ApiKey[]): Promise<Role | undefined> {
  const asked = await digest(token);
  let role: Role | undefined;
  for (const one of keys) {
    if (crypto.subtle.timingSafeEqual(asked, await digest(one.key))) role = one.role;
  }
  return role;
}

const digest = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", encode(text));
