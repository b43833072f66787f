import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { ConversationLine } from "../../src/conversation/stub.ts";
import type { DeliverWork, SendWork } from "../../src/conversation/work.ts";
import type { RunContext } from "../../src/dispatch/run.ts";
import { readConfig } from "../../src/env.ts";
import { conversationId, type PageId, pageId, userId } from "../../src/ids.ts";

/** A dispatcher's surroundings: a page of its own, since isolates remember pages, and a Graph that plays along. */

export const USER = userId("7001");

let pages = 0;
export const freshPage = (): PageId => pageId(`31${Date.now()}${pages++}`);

export function contextOf(page: PageId, settings: Record<string, unknown> = {}, more = {}): RunContext {
  const result = readConfig({
    ...env,
    PAGE_ACCESS_TOKENS: JSON.stringify({ [page]: "PAGE-TOKEN" }),
    PAGE_SETTINGS: JSON.stringify({ default: settings }),
    ...more,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { config: result.config, pages: env.PAGE, startedAt: Date.now() };
}

export const lineOf = ({ conversation }: DeliverWork): ConversationLine =>
  new ConversationLine(env.CONVERSATION, conversation.id);

export interface Called {
  /** Below the version, without the page. */
  path: string;
  method: string;
  body: Record<string, unknown>;
}

/** Lets Graph (and the bot) answer, and notes what they were asked. */
export function listening(answer: (call: Called) => Response | Promise<Response>): Called[] {
  const calls: Called[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const path = String(input).replace(/^https:\/\/graph\.invalid\/v\d+\.\d+\//, "");
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    const call = { path: path.replace(/^31\d+\//, ""), method: init?.method ?? "GET", body };
    calls.push(call);
    return answer(call);
  });
  return calls;
}

/** What a send or an action says. */
export const saidIn = ({ body }: Called): unknown =>
  body["sender_action"] ?? Object(body["message"]).text ?? body["message"];

export const refusal = (code: number, subcode?: number): Response =>
  Response.json({ error: { message: "words", code, error_subcode: subcode } }, { status: 400 });

let mids = 0;
export const accepted = (more = {}): Response =>
  Response.json({ recipient_id: USER, message_id: `m_${mids++}`, ...more });

export const sendWorkOf = (page: PageId, body: unknown, more: Partial<SendWork> = {}): SendWork => ({
  kind: "send",
  entry: 3,
  index: 0,
  attempt: 1,
  nonce: "0123abcd",
  page,
  user: USER,
  platform: "messenger",
  body: JSON.stringify(body),
  form: "message",
  actions: [],
  isAwaited: false,
  writer: "bot",
  windowAt: Date.now() - 60_000,
  comment: null,
  waysPast: [],
  ...more,
});

export const deliverWorkOf = (
  page: PageId,
  conversation: Partial<DeliverWork["conversation"]> = {},
  more: Partial<DeliverWork> = {},
): DeliverWork => ({
  kind: "deliver",
  delivery: "msg_0123456789abcdef0123456789abcdef",
  attempt: 1,
  first: 1,
  conversation: {
    id: conversationId(page, USER),
    page,
    user: USER,
    platform: "messenger",
    windowClosesAt: null,
    owner: "bot",
    state: null,
    stateVersion: 0,
    stateRefused: null,
    profile: null,
    isProfileDue: false,
    ...conversation,
  },
  events: [
    { id: "m_1", type: "message", at: Date.now(), raw: '{"message":{"text":"hi"}}', isStandby: false },
  ],
  ...more,
});
