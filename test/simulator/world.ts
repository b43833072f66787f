import { env } from "cloudflare:workers";
import { vi } from "vitest";
import simulator from "../../src/simulator/index.ts";

export const PAGE_ID = "100200300400500";
export const TOKEN = "SIM-PAGE-TOKEN";
export const APP_SECRET = "sim-app-secret";

const ORIGIN = "http://simulator.test";

/** A call's status and its JSON, loosely typed: tests compare it with what they expect. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface Posted {
  readonly body: string;
  readonly headers: Headers;
  /** `page` or `instagram`. */
  readonly object: string;
  // biome-ignore lint/suspicious/noExplicitAny: entries of every shape
  readonly entries: readonly any[];
  /** The items of all entries, whichever list they stand in. */
  // biome-ignore lint/suspicious/noExplicitAny: events of every shape
  readonly events: readonly any[];
}

type Respond = (post: Posted, index: number) => Response | Promise<Response>;

export function request(path: string, init: RequestInit = {}): Promise<Response> {
  return simulator.fetch(new Request(`${ORIGIN}${path}`, init), env);
}

export async function control(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await request(
    `/_sim${path}`,
    body === undefined ? { method } : { method, body: JSON.stringify(body) },
  );
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Sends as the gateway does, with the page's token as a bearer. */
export async function graph(path: string, body?: unknown, token: string | null = TOKEN): Promise<Answer> {
  const headers = new Headers({ "Content-Type": "application/json" });
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  return await answerOf(request(`/v25.0${path}`, init));
}

/** Deletes with the page's token, as `graph` sends. */
export function graphDelete(path: string, body: unknown = {}): Promise<Answer> {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${TOKEN}` };
  return answerOf(request(`/v25.0${path}`, { method: "DELETE", headers, body: JSON.stringify(body) }));
}

/** Sends a multipart form with the page's token: what is no text is the file. */
export function graphForm(path: string, fields: Readonly<Record<string, string | File>>): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  return answerOf(request(`/v25.0${path}`, { method: "POST", headers, body: form }));
}

async function answerOf(answering: Promise<Response>): Promise<Answer> {
  const response = await answering;
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export function sendTo(userId: string, message: unknown, more: object = {}): Promise<Answer> {
  return graph("/me/messages", { recipient: { id: userId }, message, ...more });
}

/** Acts as the person; fails the test if the simulator does not let them. */
export async function act(userId: string, body: object): Promise<Answer["body"]> {
  const { status, body: answer } = await control("POST", `/users/${userId}/messages`, body);
  if (status !== 200) throw new Error(answer.error.message);
  return answer;
}

export function write(userId: string, text: string): Promise<Answer> {
  return control("POST", `/users/${userId}/messages`, { text });
}

export async function threadOf(userId: string) {
  return (await control("GET", `/users/${userId}/thread`)).body;
}

/** Stands in for the gateway's webhook; the first answers are as told, later ones 200. */
export function webhook(respond: Respond = () => new Response("EVENT_RECEIVED")): Posted[] {
  const posts: Posted[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
    const body = String(init?.body);
    const { object, entry: entries } = JSON.parse(body);
    const events = entries.flatMap(({ messaging = [], standby = [], changes = [] }) => [
      ...messaging,
      ...standby,
      ...changes,
    ]);
    const post = { body, headers: new Headers(init?.headers), object, entries, events };
    posts.push(post);
    return await respond(post, posts.length - 1);
  });
  return posts;
}

/** All events posted so far, in order of arrival. */
export function eventsOf(posts: readonly Posted[]) {
  return posts.flatMap((post) => post.events);
}

/** The latest event posted, once so many have been. */
export async function latestOf(posts: readonly Posted[], count: number) {
  return await eventually(() => {
    const events = eventsOf(posts);
    if (events.length < count) throw new Error(`${events.length} events posted, ${count} awaited`);
    return events[count - 1];
  });
}

/** Forgets everything; for the start of each test. */
export async function freshSimulator(): Promise<void> {
  vi.restoreAllMocks();
  await control("POST", "/reset");
}

/** Waits for the world to come to this, and fails with the last reason if it does not within seconds. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 5000, interval: 10 });
}
