import { env, exports } from "cloudflare:workers";
import { signedPost } from "./webhook.ts";

/** The Worker under test, on this runtime. */

const SECRET = "first-app-secret";
const ORIGIN = "https://gateway.invalid";

export const get = (path: string): Promise<Response> => exports.default.fetch(new Request(ORIGIN + path));

/** Posts a webhook as Meta does, signed. */
export async function post(body: unknown, secret = SECRET): Promise<Response> {
  const content = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  return exports.default.fetch(await signedPost(`${ORIGIN}/webhook`, content as string, secret));
}

export const send = (init: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(`${ORIGIN}/webhook`, { method: "POST", ...init }));

export const conversation = (name: string) => env.CONVERSATION.getByName(name);

export async function codeOf(response: Response): Promise<[number, unknown]> {
  return [response.status, (await response.json<{ code: unknown }>()).code];
}
