import { isAllowedUrl } from "../env-formats.ts";
import type { Attachment } from "./attachments.ts";

/** Fetching an attachment from Meta. */

/** Meta's own limit on attachments. */
export const MAX_MEDIA_BYTES = 25 * 1024 * 1024;
/** With its body. A run has 28 s in all. */
const FETCH_TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 3;

/** `refused`: not a public https address; `gone`: Meta no longer has it there. */
export type OriginalTrouble = "refused" | "gone" | "too_large" | "unreachable";

export type Original =
  | { ok: true; body: ReadableStream<Uint8Array>; length: number | undefined; contentType: string }
  | { ok: false; reason: OriginalTrouble };

/**
 * Starts to fetch an attachment. Its body may still fail as it is read, and is at most as long as `length`, if that is
 * told.
 */
export async function fetchOriginal({ url, type }: Pick<Attachment, "url" | "type">): Promise<Original> {
  try {
    const response = await follow(url, AbortSignal.timeout(FETCH_TIMEOUT_MS));
    if (!response) return { ok: false, reason: "refused" };
    const reason = troubleWith(response, type);
    if (reason) await response.body?.cancel();
    if (reason || !response.body) return { ok: false, reason: reason ?? "unreachable" };
    return {
      ok: true,
      body: response.body,
      length: lengthOf(response),
      contentType: contentTypeOf(response),
    };
  } catch {
    return { ok: false, reason: "unreachable" };
  }
}

/** @returns `undefined` when it leads to a place that isn't public, or nowhere */
async function follow(url: string, signal: AbortSignal): Promise<Response | undefined> {
  let next = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    if (!isPublic(next)) return undefined;
    const response = await fetch(next, {
      // Compressed, it would have another length than it is announced with.
      headers: { "accept-encoding": "identity" },
      redirect: "manual",
      signal,
    });
    if (response.status < 300 || response.status >= 400) return response;
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (location === null || !URL.canParse(location, next)) return undefined;
    next = new URL(location, next).href;
  }
  return undefined;
}

/** Settings may name this machine; what comes from outside may not. It is told by plain http being allowed there. */
const isPublic = (url: string): boolean =>
  url.startsWith("https://") && isAllowedUrl(url) && !isAllowedUrl(url.replace("https", "http"));

const PASSING = new Set([408, 425, 429]);

function troubleWith(response: Response, type: Attachment["type"]): OriginalTrouble | undefined {
  const { ok, status } = response;
  // An address that has expired is answered with 403.
  if (!ok) return status < 500 && !PASSING.has(status) ? "gone" : "unreachable";
  // Where Meta asks for a login instead, it shows a page.
  if (type !== "file" && contentTypeOf(response).startsWith("text/")) return "gone";
  return (lengthOf(response) ?? 0) > MAX_MEDIA_BYTES ? "too_large" : undefined;
}

function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !headers.has("content-encoding") ? Number(length) : undefined;
}

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

function contentTypeOf({ headers }: Response): string {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return MEDIA_TYPE.test(type) ? type : "application/octet-stream";
}
