import * as z from "zod/mini";
import { isObject } from "../messages/inside.ts";
import { encode } from "../utf8.ts";
import { readLimited } from "../webhook/body.ts";
import { parseJson } from "../webhook/json.ts";
import { FormError, type FormFile, readForm } from "./form.ts";
import { invalid, type MetaError, metaErrors } from "./meta-error.ts";

/** A Graph call as a client made it, by itself or within a batch. */
export interface Incoming {
  /** With `method=delete` and the like taken for what they ask. */
  method: Method;
  /** Below the version, without slashes around. */
  path: string;
  query: Readonly<Record<string, string>>;
  /** Of a form or of JSON; values as they came. */
  body: Readonly<Record<string, unknown>>;
  /** Not read yet: `body` has what stands before it. */
  file: FormFile | undefined;
  /** Of the Authorization header. */
  bearer: string | undefined;
  idempotencyKey: string | null;
}

export type Method = "GET" | "POST" | "DELETE";

type Read = { ok: true; call: Incoming } | { ok: false; error: MetaError };

/** What a call may bring, files aside. */
const MAX_BODY_BYTES = 256 * 1024;

const methodSchema = z.enum(["GET", "POST", "DELETE"]);

/** Without slashes around it. By hand, since a pattern for slashes at the end looks at a run of them once for each. */
export function trimmed(path: string): string {
  let start = 0;
  let end = path.length;
  while (path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  return path.slice(start, end);
}

/** Query, then JSON, form or multipart laid over it. A file is left where it is. */
export async function readCall(request: Request, url: URL, path: string): Promise<Read> {
  const { headers } = request;
  const content = request.method === "GET" ? { fields: {} } : await readContent(request);
  if ("error" in content) return { ok: false, error: content.error };
  const { fields: body, file } = content;
  const query = Object.fromEntries(url.searchParams);
  const method = methodOf(request.method, body["method"] ?? query["method"]);
  if (!method) return { ok: false, error: metaErrors.unsupported(request.method) };
  const bearer = /^(?:Bearer|OAuth) +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const idempotencyKey = headers.get("idempotency-key");
  return { ok: true, call: { method, path, query, body, file, bearer, idempotencyKey } };
}

/** Only a POST may stand for another method, as Graph has it for clients that have no other. */
export function methodOf(method: string, instead: unknown): Method | undefined {
  const asked = typeof instead === "string" ? instead.toUpperCase() : method;
  if (method !== "POST" && asked !== method) return undefined;
  return methodSchema.safeParse(asked).data;
}

interface Content {
  fields: Record<string, unknown>;
  file?: FormFile | undefined;
}

async function readContent(request: Request): Promise<Content | { error: MetaError }> {
  const type = request.headers.get("content-type") ?? "";
  if (/^multipart\/form-data\s*;/i.test(type) && request.body) {
    try {
      return await readForm(request.body, type, MAX_BODY_BYTES);
    } catch (error) {
      return { error: errorInForm(error) };
    }
  }
  const bytes = await readLimited(request, MAX_BODY_BYTES);
  if (!bytes) return { error: metaErrors.bodyTooLarge };
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    return { fields: formFields(new TextDecoder().decode(bytes)) };
  }
  if (bytes.every((byte) => byte <= 0x20)) return { fields: {} };
  const json = parseJson(bytes);
  return json.ok && isObject(json.value)
    ? { fields: json.value }
    : { error: invalid("The request body is not a valid JSON object", "malformed_json") };
}

export const formFields = (form: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(form));

/** @throws what isn't the form's fault */
export function errorInForm(error: unknown): MetaError {
  if (!(error instanceof FormError)) throw error;
  return error.code === "too_large"
    ? metaErrors.bodyTooLarge
    : invalid("The request body is not a valid form", "malformed_form");
}

/** A parameter as text, as queries have it: what is no text as JSON. */
export const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Clients write it as they have it, or as text. */
export const isTrue = (value: unknown): boolean => value === true || value === "true";

/** A parameter that is an object or a list: forms and queries have it as JSON text. Without losing the digits of ids. */
export function structured(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const json = parseJson(encode(value));
  return json.ok ? json.value : value;
}
