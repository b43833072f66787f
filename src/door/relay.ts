import type { Relayed } from "../graph/client.ts";
import type { Door, DoorCall, Handle } from "./call.ts";
import { asText, structured } from "./incoming.ts";
import { errorAnswer, invalid, JSON_HEADERS, type MetaError, metaErrors } from "./meta-error.ts";

/** Calls that go on to Meta, and Meta's answers that come back, as they are but for what must not pass. */

/** Graph reads these on any call, whatever it is about: ours are put in their place, the others are nobody's here. */
const OF_ALL_CALLS: ReadonlySet<string> = new Set([
  ...[
    "access_token",
    "appsecret_proof",
    "appsecret_time",
    "method",
    "batch",
    "asyncbatch",
    "include_headers",
  ],
  ...["id", "ids", "fields", "callback", "format", "pretty", "debug", "locale", "date_format", "date"],
  ...["suppress_http_code", "return_ssl_resources", "client_id", "client_secret", "input_token", "app_id"],
]);

/** What a POST may bring is Meta's to say. */
export function ownParameters(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = Object.entries(parameters).filter(([name]) => /^\w+$/.test(name) && !OF_ALL_CALLS.has(name));
  return Object.fromEntries(own);
}

/** Sends a POST on, with every parameter but Graph's general ones. @param lists those that are objects or lists */
export const posting =
  (edge: string, lists: readonly string[] = [], timeoutMs?: number): Handle =>
  async (call) => {
    const { graph, query, body, file } = call;
    if (file) return errorAnswer(invalid("This call takes no file"));
    const parsed = Object.entries(ownParameters({ ...query, ...body })).map(([name, value]) => [
      name,
      lists.includes(name) ? structured(value) : value,
    ]);
    const init = { body: Object.fromEntries(parsed), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return relayed(call, await graph.relay("POST", `${graph.page}/${edge}`, init));
  };

/** Sends a GET or DELETE on, with these parameters and no other: some lead from one thing to all others. */
export const asking =
  (method: "GET" | "DELETE", edge: string, takes: readonly string[]): Handle =>
  async (call) => {
    const { graph } = call;
    const read = queryOf(call, takes);
    if ("error" in read) return errorAnswer(read.error);
    return relayed(call, await graph.relay(method, `${graph.page}/${edge}`, { query: read.query }));
  };

function queryOf(
  { query, body }: Pick<DoorCall, "query" | "body">,
  takes: readonly string[],
): { query: Record<string, string> } | { error: MetaError } {
  const given = { ...query, ...body };
  const taken: [string, string][] = [];
  for (const name of takes) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (name === "fields") {
      const fields = fieldsIn(value);
      const odd = fields.find((field) => !isPlain(field));
      if (odd !== undefined) return { error: noSuchField(odd) };
      taken.push([name, fields.join(",")]);
    } else taken.push([name, asText(value)]);
  }
  return { query: Object.fromEntries(taken) };
}

/** Takes properties off the page's profile; Meta wants their names as a list, in the body. */
export const clearing =
  (edge: string): Handle =>
  async (call) => {
    const { graph } = call;
    const { fields, platform } = { ...call.query, ...call.body };
    const odd = fieldsIn(fields ?? "").find((field) => !isPlain(field));
    if (odd !== undefined) return errorAnswer(noSuchField(odd));
    const query = platform == null ? {} : { platform: asText(platform) };
    const body = fields === undefined ? {} : { fields: fieldsIn(fields) };
    return relayed(call, await graph.relay("DELETE", `${graph.page}/${edge}`, { query, body }));
  };

/** Fields as a list or as text with commas. */
export function fieldsIn(value: unknown): string[] {
  const list = structured(value);
  const fields = Array.isArray(list) ? list.map(asText) : asText(value).split(",");
  return fields.map((field) => field.trim()).filter((field) => field !== "");
}

/** A name alone: no `{}` that leads on to other things, no token. */
const isPlain = (field: string): boolean => /^[a-z]\w{0,63}$/.test(field) && !/token|secret/.test(field);

export const noSuchField = (field: string): MetaError =>
  invalid(`Tried accessing nonexisting field (${field.slice(0, 64).replaceAll(/[^\w{}(),.]/g, "?")})`);

/** What Meta says of how much a page and its app may still do, and what its support asks for. */
const PASSED_ON = [
  "x-app-usage",
  "x-page-usage",
  "x-business-use-case-usage",
  "x-ad-account-usage",
  "retry-after",
  "facebook-api-version",
  "x-fb-trace-id",
  "x-fb-request-id",
  "x-fb-debug",
];

/** Meta's answer as the client gets it. */
export function relayed({ door }: Pick<DoorCall, "door">, answer: Relayed): Response {
  if (!answer.ok) return errorAnswer(answer.maybeHeard ? metaErrors.noAnswer : metaErrors.unreachable);
  const headers = new Headers(JSON_HEADERS);
  for (const name of PASSED_ON) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(withOwnAddresses(answer.body, door), { status: answer.status, headers });
}

const ADDRESS = /"https?:(?:\\?\/){2}(?:[^"\\]|\\.)*"/g;
const META_HOSTS: ReadonlySet<string> = new Set(["graph.facebook.com", "graph.instagram.com"]);

/** Lists name the addresses of their next and previous parts: they are to be asked for here, too, with a key. */
function withOwnAddresses(body: string, { config, origin, version }: Door): string {
  const { host } = new URL(config.graph.url);
  return body.replaceAll(ADDRESS, (literal) => {
    const address = literal.slice(1, -1).replaceAll("\\/", "/");
    if (!URL.canParse(address)) return literal;
    const url = new URL(address);
    const below = /^\/v\d+\.\d+(\/.*)$/.exec(url.pathname)?.[1];
    if (below === undefined || (url.host !== host && !META_HOSTS.has(url.host))) return literal;
    for (const name of ["access_token", "appsecret_proof"]) url.searchParams.delete(name);
    return JSON.stringify(`${origin}/${version}${below}${url.search}`);
  });
}
