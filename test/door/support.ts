import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { run } from "../../src/dispatch/run.ts";
import { openDoor } from "../../src/door/door.ts";
import { type Config, configOf } from "../../src/env.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";
import { ingest, type Stub, says } from "../support/conversation.ts";

/** The door on this runtime, with Graph mocked. */

export const PAGE = "100200300400500";
export const KEY = "bot-key-of-the-tests-000001";
export const OPERATOR = "operator-key-of-the-tests-1";
export const TOKEN = "PAGE-TOKEN-OF-TESTS";
export const ORIGIN = "https://gateway.invalid";

/** A call as it came to Graph. */
export interface Heard {
  method: string;
  url: URL;
  headers: Headers;
  /** Of JSON. */
  body: Record<string, unknown>;
  form: FormData | undefined;
}

export type Graph = (call: Heard) => Response | Promise<Response>;

export const sentBy: Graph = ({ body }) => {
  const recipient = body["recipient"] as { id?: string } | undefined;
  return Response.json({ recipient_id: recipient?.id ?? "1", message_id: `m_${crypto.randomUUID()}` });
};

/** Takes Graph's place. @returns the calls that came, as they come */
export function graph(answer: Graph = sentBy): Heard[] {
  const calls: Heard[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(String(input), init as RequestInit);
    const isForm = request.headers.get("content-type")?.startsWith("multipart/") ?? false;
    const form = isForm ? await request.formData() : undefined;
    const text = isForm ? "" : await request.text();
    const { method, headers } = request;
    const body = text === "" ? {} : JSON.parse(text);
    const call: Heard = { method, url: new URL(request.url), headers, body, form };
    calls.push(call);
    return answer(call);
  });
  return calls;
}

function settings(): Config {
  const read = configOf(env);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

const underWay = new Set<Promise<void>>();

/** Waits for what goes on after the answers. */
export const allDone = async (): Promise<void> => {
  await Promise.all(underWay);
};

/** Calls the door. @param more settings in place of those of vitest.config.ts */
export function knock(path: string, init: RequestInit = {}, more: Partial<Config> = {}): Promise<Response> {
  const config = { ...settings(), ...more };
  return openDoor(new Request(ORIGIN + path, init), config, env, {
    start(line, work, onSent) {
      const context = { config, pages: env.PAGE, startedAt: Date.now(), ...(onSent ? { onSent } : {}) };
      const done = run(context, line, work, "ordinary");
      underWay.add(done);
      void done.finally(() => underWay.delete(done));
    },
  });
}

export const get = (path: string, key = KEY): Promise<Response> =>
  knock(`${path}${path.includes("?") ? "&" : "?"}access_token=${key}`);

export const post = (path: string, body: unknown, key = KEY, headers = {}): Promise<Response> =>
  knock(`${path}?access_token=${key}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

export interface ErrorBody {
  error: Record<string, unknown> & { code: number; message: string };
}

export async function errorOf(response: Response): Promise<ErrorBody["error"] & { status: number }> {
  const { error } = await response.json<ErrorBody>();
  return { ...error, status: response.status };
}

/** Somebody nobody has heard of before. */
export const somebody = (): string => String(Math.floor(Math.random() * 1e15) + 1e15);

const stubOf = (user: string): Stub => env.CONVERSATION.getByName(conversationId(pageId(PAGE), userId(user)));

/** Somebody who has written, some hours ago. */
export async function writer(hoursAgo = 0): Promise<{ id: string; stub: Stub }> {
  const id = somebody();
  const stub = stubOf(id);
  await ingest(stub, [says("hi", { at: Date.now() - hoursAgo * 3_600_000, forward: false })]);
  return { id, stub };
}

/** Calls the Send API. */
export const send = (body: unknown, key = KEY, headers = {}): Promise<Response> =>
  post("/v19.0/me/messages", body, key, headers);

export const saying = (id: string, text: string) => ({ recipient: { id }, message: { text } });
