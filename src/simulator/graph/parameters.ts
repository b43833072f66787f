import { isJsonObject, type Json } from "../json.ts";

/** A call's parameters, from query and body alike. */
export type Parameters = Readonly<Record<string, Json>>;

/** What a call brings: its parameters, and the file of a multipart body, if it has one. */
export interface Input {
  readonly parameters: Parameters;
  readonly filedata: File | null;
}

/**
 * Reads a call's parameters: the query, then a JSON object, form or multipart body laid over it. Values that look
 * like JSON objects or arrays are parsed, as Meta does with forms.
 *
 * @returns The input, or null if the body says it is JSON and is not a JSON object.
 */
export async function readInput(request: Request): Promise<Input | null> {
  const fromQuery = fromPairs(new URL(request.url).searchParams);
  if (request.method === "GET") return { parameters: fromQuery, filedata: null };
  const type = request.headers.get("Content-Type") ?? "";
  if (/^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(type)) {
    try {
      const form = await request.formData();
      const file = form.get("filedata");
      const filedata = file instanceof File ? file : null;
      return { parameters: { ...fromQuery, ...fromPairs(form) }, filedata };
    } catch {
      return null;
    }
  }
  const text = await request.text();
  if (text === "") return { parameters: fromQuery, filedata: null };
  const body = parsed(text);
  if (!isJsonObject(body)) return null;
  return { parameters: { ...fromQuery, ...body }, filedata: null };
}

function fromPairs(pairs: Iterable<readonly [string, string | File]>): Parameters {
  const parameters: Record<string, Json> = {};
  for (const [name, value] of pairs) {
    if (typeof value !== "string") continue;
    parameters[name] = /^\s*[[{]/.test(value) ? (parsed(value) ?? value) : value;
  }
  return parameters;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
