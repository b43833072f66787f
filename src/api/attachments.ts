import * as z from "zod/mini";
import type { Config } from "../env.ts";
import { MAX_UPLOAD_BYTES, type Uploaded, uploadByUrl, uploadForm } from "../graph/attachments.ts";
import { problem } from "../problem.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { graphOf, refusedByMeta } from "./graph.ts";
import { pageIdSchema } from "./target.ts";

const urlBody = z.object({
  page_id: z.optional(pageIdSchema),
  type: z.enum(["image", "video", "audio", "file"], "image, video, audio or file"),
  url: z.string().check(z.regex(/^https?:\/\/\S{1,2000}$/i, "a URL with http or https")),
  is_reusable: z.optional(z.boolean()),
});

/**
 * `POST /attachments.upload`: has Meta keep a file, to be sent by its `attachment_id`. Either JSON with the file's URL, or
 * Meta's own form (`message`, `filedata`) with `?page_id=`, which is handed on as it arrives.
 */
export async function uploadAttachment(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const type = request.headers.get("content-type") ?? "";
  const graphFor = (page: string | undefined) => graphOf(config, env, caller, page);
  return /^multipart\/form-data\s*;/i.test(type) ? byForm(request, graphFor, type) : byUrl(request, graphFor);
}

type GraphFor = (page: string | undefined) => ReturnType<typeof graphOf>;

async function byUrl(request: Request, graphFor: GraphFor): Promise<Response> {
  const body = await readBody(request, urlBody);
  if (!body.ok) return body.response;
  const { page_id, type, url, is_reusable: isReusable = true } = body.value;
  const of = await graphFor(page_id);
  if (!of.ok) return of.response;
  return answerTo(await uploadByUrl(of.graph, { type, url, isReusable }));
}

async function byForm(request: Request, graphFor: GraphFor, type: string): Promise<Response> {
  const of = await graphFor(new URL(request.url).searchParams.get("page_id") ?? undefined);
  if (!of.ok) return of.response;
  if (!request.body) {
    return problem({
      status: 400,
      code: "invalid_body",
      detail: "The body: a form with message and filedata.",
    });
  }
  const announced = request.headers.get("content-length");
  const length = announced === null ? undefined : Number(announced);
  return answerTo(await uploadForm(of.graph, request.body, type, length));
}

function answerTo(uploaded: Uploaded): Response {
  if (uploaded.ok) return Response.json(uploaded.value);
  if (uploaded.code !== "too_large") return refusedByMeta(uploaded);
  const detail = `A file with its form is limited to ${MAX_UPLOAD_BYTES} bytes.`;
  return problem({ status: 413, code: "body_too_large", detail });
}
