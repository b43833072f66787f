import * as z from "zod/mini";
import { proofOf, tokenOf } from "./identity.ts";
import { formFields, type Incoming, isTrue, methodOf, structured, trimmed } from "./incoming.ts";
import { errorAnswer, invalid, JSON_HEADERS, type MetaError, metaErrors } from "./meta-error.ts";

/**
 * `POST /` with `batch=[{method, relative_url, body}]`: each call as if it had come by itself, side by side as at Meta;
 * only what concerns one conversation, and what changes the page, goes one after the other.
 * @see https://developers.facebook.com/docs/graph-api/batch-requests
 */

const MAX_CALLS = 50;
/** A Worker has six connections at a time; more would only wait for each other with their clocks running. */
const AT_ONCE = 6;

const itemSchema = z.looseObject({
  method: z.string(),
  relative_url: z.string(),
  body: z.nullish(z.string()),
  name: z.nullish(z.string()),
  depends_on: z.nullish(z.union([z.string(), z.array(z.string())])),
  omit_response_on_success: z.nullish(z.union([z.boolean(), z.string()])),
});
type Item = z.infer<typeof itemSchema>;

/** Values of other calls' answers in a call, which Meta fills in. */
const FILLED_IN = /\{result=/;

interface Planned {
  /** The call, or why it can't be made. */
  call: Incoming | { error: MetaError };
  item: Item;
  /** The calls it comes after, by their places: all earlier ones. */
  after: number[];
  dependsOn: number[];
}

/** @param answerCall answers one call */
export async function answerBatch(
  outer: Incoming,
  answerCall: (call: Incoming) => Promise<Response>,
): Promise<Response> {
  const given = { ...outer.query, ...outer.body };
  const list = structured(given["batch"]);
  if (!Array.isArray(list) || list.length === 0) return errorAnswer(invalid("batch: a list of calls"));
  if (list.length > MAX_CALLS) {
    const most = `Too many requests in batch message. Maximum batch size is ${MAX_CALLS}`;
    return errorAnswer(invalid(most, "batch_too_long"));
  }
  const items = z.array(itemSchema).safeParse(list);
  if (!items.success) {
    const path = items.error.issues[0]?.path.join(".") ?? "";
    return errorAnswer(invalid(`batch.${path}: each call has a method and a relative_url, a body as a form`));
  }
  const wanted = given["include_headers"];
  const withHeaders = wanted !== false && wanted !== "false";
  const turn = turnstile(AT_ONCE);
  const answers: Promise<Response>[] = [];
  for (const { call, after, dependsOn } of plan(items.data, outer)) {
    const before = after.map((place) => answers[place]);
    const needed = dependsOn.map((place) => answers[place]);
    const answered = async (): Promise<Response> => {
      await Promise.all(before);
      const failed = (await Promise.all(needed)).some((answer) => !answer?.ok);
      if ("error" in call) return errorAnswer(call.error);
      if (failed) return errorAnswer(invalid("a call it depends on has failed", "dependency_failed"));
      return turn(() => answerCall(call));
    };
    answers.push(answered());
  }
  const shown = await Promise.all(
    items.data.map(async (item, place) => {
      const answer = await answers[place];
      return answer ? shownIn(answer, item, withHeaders) : null;
    }),
  );
  return new Response(JSON.stringify(shown), { headers: JSON_HEADERS });
}

function plan(items: readonly Item[], outer: Incoming): Planned[] {
  const names = new Map<string, number>();
  const lanes = new Map<string, number>();
  return items.map((item, place) => {
    const call = callOf(item, place, outer);
    const asked = [item.depends_on ?? []].flat();
    const dependsOn = asked.flatMap((name) => names.get(name) ?? []);
    if (item.name) names.set(item.name, place);
    const lane = "error" in call ? undefined : laneOf(call);
    const ahead = lane === undefined ? undefined : lanes.get(lane);
    if (lane !== undefined) lanes.set(lane, place);
    const after = ahead === undefined ? dependsOn : [ahead, ...dependsOn];
    // What comes later can't be waited for: two calls could wait for each other.
    if (dependsOn.length < asked.length) {
      return { item, call: { error: invalid("depends_on: names no earlier call") }, after, dependsOn: [] };
    }
    return { item, call, after, dependsOn };
  });
}

function callOf(item: Item, place: number, outer: Incoming): Incoming | { error: MetaError } {
  const { relative_url: address, body } = item;
  if ("attached_files" in item && item["attached_files"] != null) {
    return { error: invalid("attached_files: not available in a batch here; send files by themselves") };
  }
  if (FILLED_IN.test(address) || FILLED_IN.test(body ?? "") || FILLED_IN.test(safelyDecoded(address))) {
    return { error: invalid("{result=…}: not available here; use depends_on, or calls one after the other") };
  }
  const below = address.replace(/^\/*(v\d+\.\d+(?=[/?]|$))?\/*/, "");
  const base = "https://door.invalid/";
  const url = URL.canParse(below, base) ? new URL(below, base) : undefined;
  if (!url || url.origin !== new URL(base).origin) return { error: metaErrors.notHere };
  const fields: Record<string, string> = body ? formFields(body) : {};
  const query = withCredentials(Object.fromEntries(url.searchParams), fields, outer);
  const method = methodOf(item.method.toUpperCase(), fields["method"] ?? query["method"]);
  if (!method) return { error: metaErrors.unsupported(item.method) };
  return {
    method,
    path: trimmed(url.pathname),
    query,
    body: fields,
    file: undefined,
    bearer: outer.bearer,
    idempotencyKey: outer.idempotencyKey === null ? null : `${outer.idempotencyKey} ${place}`,
  };
}

/** A call that brings no token goes by the batch's, and its proof. */
function withCredentials(
  query: Record<string, string>,
  fields: Record<string, string>,
  outer: Incoming,
): Record<string, string> {
  const own = query["access_token"] ?? fields["access_token"];
  if (own !== undefined && own !== "") return query;
  const token = tokenOf(outer);
  const proof = proofOf(outer);
  return {
    ...(typeof proof === "string" ? { appsecret_proof: proof } : {}),
    ...query,
    ...(token === undefined ? {} : { access_token: token }),
  };
}

/** What goes one after the other. */
function laneOf({ method, path, query, body }: Incoming): string | undefined {
  if (method === "GET") return undefined;
  if (!/\/(messages|\w+_thread_control)$/.test(path)) return "page";
  return `to ${JSON.stringify(structured(body["recipient"] ?? query["recipient"]))}`;
}

function safelyDecoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}

async function shownIn(answer: Response, item: Item, withHeaders: boolean) {
  if (isTrue(item.omit_response_on_success) && answer.ok) return null;
  const headers = Array.from(answer.headers, ([name, value]) => ({ name, value }));
  return { code: answer.status, ...(withHeaders ? { headers } : {}), body: await answer.text() };
}

/** Lets so many through at a time, in the order they came. */
function turnstile(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free++;
    }
  };
}
