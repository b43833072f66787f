import { waitUntil } from "cloudflare:workers";
import type { Conversation } from "../conversation/conversation.ts";
import { ConversationLine } from "../conversation/stub.ts";
import type { Config } from "../env.ts";
import { problem } from "../problem.ts";
import { type Attachment, attachmentsIn } from "./attachments.ts";
import { copyMedia } from "./copies.ts";
import { judgeLink, keyOf, type MediaRef, refIn } from "./link.ts";
import type { OriginalTrouble } from "./original.ts";
import { partIn } from "./range.ts";

/**
 * Serves an attachment to whoever has a link to it: the copy, which is made now if there is none yet. Always a whole copy
 * first: so every answer can have a part of it, and what breaks off at Meta is a problem and not half a file.
 */
export async function serveMedia(
  request: Request,
  config: Config,
  conversations: DurableObjectNamespace<Conversation>,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const ref = refIn(pathname);
  if (!config.media || !ref) return nothingHere();
  const verdict = await judgeLink(ref, searchParams, config, Date.now());
  if (verdict !== "good") return LINK_PROBLEMS[verdict]();

  // First: what its sender has taken back is nobody's to see, also while there is a copy.
  const attachment = await attachmentOf(ref, conversations);
  if (!attachment) return nothingHere();
  const { bucket } = config.media;
  const kept = await bucket.head(keyOf(ref));
  if (kept) return answerWith(kept, request.headers, bucket);
  const copying = copyMedia(bucket, ref, attachment);
  // Who doesn't want to wait finds it there the next time.
  waitUntil(copying);
  const copied = await copying;
  return copied.ok ? answerWith(copied.copy, request.headers, bucket) : COPY_PROBLEMS[copied.reason]();
}

/** @returns `undefined` when the conversation knows of no such attachment (any more) */
async function attachmentOf(
  ref: MediaRef,
  conversations: DurableObjectNamespace<Conversation>,
): Promise<Attachment | undefined> {
  const raw = await new ConversationLine(conversations, ref.conversation).call((stub) =>
    stub.rawOfMessage(ref.event),
  );
  return attachmentsIn(raw ?? "").find(({ index }) => index === ref.index);
}

/** The file, or the part that is asked for. */
async function answerWith(copy: R2Object, asked: Headers, bucket: R2Bucket): Promise<Response> {
  const headers = new Headers({
    "cache-control": "private",
    "content-type": copy.httpMetadata?.contentType ?? "application/octet-stream",
    "content-disposition": dispositionOf(copy),
    // The file is a stranger's, and this may be the origin of something that isn't.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    etag: copy.httpEtag,
  });
  if (names(asked.get("if-none-match"), copy.httpEtag)) return new Response(null, { status: 304, headers });

  const { size } = copy;
  const isSame = [null, copy.httpEtag].includes(asked.get("if-range"));
  const part = isSame ? partIn(asked.get("range"), size) : undefined;
  if (part === "unsatisfiable") {
    return problem({
      status: 416,
      code: "range_not_satisfiable",
      detail: `The file has ${size} bytes.`,
      headers: { "content-range": `bytes */${size}` },
    });
  }
  const found = await bucket.get(copy.key, part ? { range: part } : {});
  if (!found) return nothingHere();
  if (part) headers.set("content-range", `bytes ${part.offset}-${part.offset + part.length - 1}/${size}`);
  headers.set("content-length", String(part?.length ?? size));
  return new Response(found.body, { status: part ? 206 : 200, headers });
}

/** What a browser may show by itself. SVG is a document that can hold scripts. */
const SHOWN = /^(image\/(?!svg)|video\/|audio\/)/;

function dispositionOf({ httpMetadata, customMetadata }: R2Object): string {
  const kind = SHOWN.test(httpMetadata?.contentType ?? "") ? "inline" : "attachment";
  const name = customMetadata?.["name"] ?? "";
  return name === "" ? kind : `${kind}; filename="${name}"`;
}

/** Whether `If-None-Match` names this version (RFC 9110 §13.1.2, compared weakly). */
const names = (header: string | null, etag: string): boolean =>
  (header ?? "").split(",").some((one) => ["*", etag].includes(one.trim().replace(/^W\//, "")));

const nothingHere = (): Response =>
  problem({ status: 404, code: "not_found", detail: "There is nothing at this path." });

const LINK_PROBLEMS = {
  invalid: () =>
    problem({
      status: 403,
      code: "link_invalid",
      detail:
        "Not a link of this gateway, or one under a key that is no longer set. Use it exactly as it was given.",
    }),
  expired: () =>
    problem({
      status: 403,
      code: "link_expired",
      detail: "The link has expired. A replay of the delivery brings new ones.",
    }),
};

const COPY_PROBLEMS: Record<OriginalTrouble, () => Response> = {
  gone: () =>
    problem({
      status: 410,
      code: "media_gone",
      detail: "There is no copy, and Meta no longer has the file at its address.",
    }),
  too_large: () =>
    problem({
      status: 413,
      code: "media_too_large",
      detail: "The file is larger than 25 MB. The raw event has Meta's own address of it.",
    }),
  refused: () =>
    problem({
      status: 404,
      code: "media_refused",
      detail: "The file's address isn't a public one with https: it isn't fetched.",
    }),
  unreachable: () =>
    problem({
      status: 502,
      code: "media_unreachable",
      detail: "The file couldn't be fetched from Meta just now; the request can be repeated.",
    }),
};
