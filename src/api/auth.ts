import type { ApiKey } from "../env-formats.ts";
import { problem } from "../problem.ts";
import { encode } from "../utf8.ts";

export type Role = ApiKey["role"];

/** A role may do what those below it may. */
const RANK: Record<Role, number> = { bot: 0, operator: 1, admin: 2 };

/** Who calls: the key's name and role, and the pages it is good for. */
export interface Caller {
  name: string;
  role: Role;
  /** `undefined`: all. */
  pages?: readonly string[] | undefined;
}

/** Who calls, by `Authorization: Bearer <key>`; or the answer: 401 without a known key, 403 with one of a lesser role. */
export async function identify(
  request: Request,
  keys: readonly ApiKey[],
  atLeast: Role,
): Promise<{ ok: true; caller: Caller } | { ok: false; response: Response }> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const caller = token === undefined ? undefined : await callerOfKey(token, keys);
  if (!caller) {
    const response = problem({
      status: 401,
      code: "key_required",
      detail: "Send Authorization: Bearer with one of the keys in API_KEYS.",
      headers: { "www-authenticate": "Bearer" },
    });
    return { ok: false, response };
  }
  if (RANK[caller.role] >= RANK[atLeast]) return { ok: true, caller };
  const detail = `This needs a key of role ${atLeast} or higher.`;
  return { ok: false, response: problem({ status: 403, code: "role_too_low", detail }) };
}

/** Whose key it is. Constant-time: digests of equal length are compared, and every key, so that time tells neither text nor place. */
export async function callerOfKey(token: string, keys: readonly ApiKey[]): Promise<Caller | undefined> {
  const asked = await digest(token);
  let caller: Caller | undefined;
  for (const { name, role, key, pages } of keys) {
    if (crypto.subtle.timingSafeEqual(asked, await digest(key))) caller = { name, role, pages };
  }
  return caller;
}

const digest = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", encode(text));
