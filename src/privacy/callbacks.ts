import type { App, Config } from "../env.ts";
import { originOf } from "../oauth/session.ts";
import { directoryOf } from "../pages/served.ts";
import { problem } from "../problem.ts";
import { decode } from "../utf8.ts";
import { readLimited } from "../webhook/body.ts";
import {
  MAX_AGE_MS,
  readSignedRequest,
  type SignedRequest,
  type SignedRequestTrouble,
} from "./signed-request.ts";

/** What Meta calls when a person turns away from an app. */

/** Meta's are some 300 bytes. */
const MAX_BYTES = 16 * 1024;

/**
 * `POST /data-deletion`: a person asks, at Facebook, that what the app has of them be deleted. It is written down, and done
 * by the directory's alarm; who repeats the request is told the same.
 * @see https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
 */
export async function dataDeletion(
  request: Request,
  config: Config,
  env: Pick<Cloudflare.Env, "DIRECTORY">,
): Promise<Response> {
  const signed = await signedRequestIn(request, config);
  if (!signed.ok) return signed.response;
  const { app, person, mark } = signed;
  const code = await directoryOf(env).receiveDeletion({ mark, app: app.id ?? null, person });
  const url = `${originOf(request, config)}/data-deletion/${code}`;
  return Response.json({ url, confirmation_code: code }, { headers: { "cache-control": "no-store" } });
}

/**
 * `POST /deauthorize`: a person has removed the app, and with it the tokens it has through them.
 * @param check looks which of the app's pages have a token that still works; must not be awaited here, Meta is waiting
 */
export async function deauthorize(
  request: Request,
  config: Config,
  env: Pick<Cloudflare.Env, "DIRECTORY">,
  check: (app: Pick<App, "id">) => void,
): Promise<Response> {
  const signed = await signedRequestIn(request, config);
  if (!signed.ok) return signed.response;
  const { app, mark } = signed;
  if (await directoryOf(env).deauthorized(mark, Date.now() + MAX_AGE_MS)) {
    console.warn({ event: "app_deauthorized", app: app.id });
    check(app);
  }
  return new Response(null, { headers: { "cache-control": "no-store" } });
}

async function signedRequestIn(
  request: Request,
  { apps }: Config,
): Promise<({ ok: true } & SignedRequest) | { ok: false; response: Response }> {
  const body = await readLimited(request, MAX_BYTES);
  if (!body) {
    const detail = `A signed request is limited to ${MAX_BYTES} bytes.`;
    return { ok: false, response: problem({ status: 413, code: "body_too_large", detail }) };
  }
  const text = formField(body, "signed_request");
  const read = await readSignedRequest(text ?? "", apps, Date.now());
  if (read.ok) return read;
  const { code } = read;
  console.warn({ event: "signed_request_refused", code });
  return { ok: false, response: problem({ status: STATUS[code], code, detail: DETAILS[code] }) };
}

function formField(body: Uint8Array, name: string): string | null {
  try {
    return new URLSearchParams(decode(body)).get(name);
  } catch {
    return null;
  }
}

const STATUS: Record<SignedRequestTrouble, number> = {
  signed_request_malformed: 400,
  signature_invalid: 401,
  algorithm_unknown: 400,
  signed_request_expired: 400,
};

const DETAILS: Record<SignedRequestTrouble, string> = {
  signed_request_malformed:
    "The form has no signed_request as Meta makes them: <signature>.<payload>, both in base64url.",
  signature_invalid: "signed_request was not made with META_APP_SECRET (or one in META_APPS).",
  algorithm_unknown: "signed_request: the algorithm must be HMAC-SHA256.",
  signed_request_expired: "signed_request: issued_at is more than three days ago, or ahead of time.",
};
