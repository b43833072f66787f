import { isJsonObject, type Json } from "../json.ts";

/** A call's parameters, from query and body alike. */
export type Parameters = Readonly<Record<string, Json>>;

/**
 * Reads a call's parameters: the query, then a JSON object, form or multipart body laid over it. Values that look
 * like JSON objects or arrays are parsed, as Meta does with forms.
 *
 * @returns The parameters, or null if the body says it is JSON and is not a JSON object.
 */
export async function readParameters(request: Request): Promise<Parameters | null> {
  const fromQuery = fromPairs(new URL(request.url).searchParams);
  if (request.method !== "POST") return fromQuery;
  const type = request.headers.get("Content-Type") ?? "";
  if (/^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(type)) {
    try {
      return { ...fromQuery, ...fromPairs(await request.formData()) };
    } catch {
      return null;
    }
  }
  const text = await request.text();
  if (text === "") return fromQuery;
  const body = parsed(text);
  if (!isJsonObject(body)) return null;
  return { ...fromQuery, ...body };
}

function fromPairs(pairs: Iterable<readonly [string, string | File]>): Parameters {
  const parameters: Record<string, Json> = {};
  for (const [name, value] of pairs) {
    // Uploaded files (`filedata`) are not supported, and are left out rather than misread.
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
