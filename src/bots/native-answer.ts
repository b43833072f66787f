import * as z from "zod/mini";
import type { BotAnswer, OutgoingBody, Platform } from "../conversation/work.ts";
import { checkBody } from "../messages/check.ts";

const ACTIONS = ["mark_seen", "typing_on", "typing_off"] as const;
/** More in one answer would be a flood, not a reply. */
const MAX_MESSAGES = 50;

const answerSchema = z.looseObject({
  messages: z.optional(z.array(z.unknown()).check(z.maxLength(MAX_MESSAGES))),
  actions: z.optional(z.array(z.enum(ACTIONS)).check(z.maxLength(ACTIONS.length))),
  state: z.optional(z.unknown()),
  state_version: z.nullish(z.number()),
  handover: z.optional(z.string().check(z.regex(/^(bot|human|\d{1,32})$/))),
});

interface AnswerOptions {
  platform: Platform;
  /** Whether a text that is too long goes out as several. */
  split: boolean;
}

export const NO_REPLY: BotAnswer = { messages: [], actions: [] };
/** What web frameworks answer when a handler returns nothing. */
const BARE_OK = /^"?(ok|accepted|success|event_received)"?$/i;

export type ReadAnswer =
  | { kind: "answer"; answer: BotAnswer }
  /** Not JSON: a proxy's page, or half an answer. */
  | { kind: "malformed" }
  /** JSON, but nothing that could be sent: `reason` names the path and what is wrong there. */
  | { kind: "invalid"; reason: string };

/** Reads a bot's 2xx body. One message that can't be sent makes the whole answer invalid: half a reply is no reply. */
export function readAnswer(text: string, { platform, split }: AnswerOptions): ReadAnswer {
  const body = text.trim();
  if (body === "" || BARE_OK.test(body)) return { kind: "answer", answer: NO_REPLY };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { kind: "malformed" };
  }
  if (json === null) return { kind: "answer", answer: NO_REPLY };
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      kind: "invalid",
      reason: `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "?"}`,
    };
  }

  const { messages = [], actions = [], state, state_version, handover } = parsed.data;
  const bodies: OutgoingBody[] = [];
  for (const [index, message] of messages.entries()) {
    const checked = checkBody(message, { platform, path: `messages[${index}]`, split });
    if (!checked.ok) return { kind: "invalid", reason: `${checked.issue.path}: ${checked.issue.message}` };
    bodies.push(...checked.bodies);
  }
  if (bodies.length > MAX_MESSAGES) {
    return {
      kind: "invalid",
      reason: `messages: at most ${MAX_MESSAGES}, has ${bodies.length} with long texts cut`,
    };
  }
  // Actions go before a message; with none to go before, the last is what is sent.
  const alone = bodies.length === 0 ? actions.pop() : undefined;
  if (alone !== undefined) bodies.push({ sender_action: alone });
  const answer = {
    messages: bodies,
    actions,
    ...(state === undefined ? {} : { state: JSON.stringify(state) }),
    ...(state_version == null ? {} : { stateVersion: state_version }),
    ...(handover === undefined ? {} : { handover }),
  };
  return { kind: "answer", answer };
}
