import * as z from "zod/mini";
import type { OutgoingBody, Platform } from "../conversation/work.ts";
import { checkBody } from "../messages/check.ts";
import { MAX_MESSAGES, NO_REPLY, parseAnswer, type ReadAnswer, tooMany } from "./answer.ts";

const ACTIONS = ["mark_seen", "typing_on", "typing_off"] as const;

/** A year, in seconds. */
const MAX_STATE_TTL_S = 31_536_000;

/** docs/bot-protocol/answer.schema.json is the same for others. */
export const answerSchema = z.looseObject({
  // Some languages write null for what there is none of.
  messages: z.nullish(z.array(z.unknown()).check(z.maxLength(MAX_MESSAGES))),
  actions: z.nullish(z.array(z.enum(ACTIONS)).check(z.maxLength(ACTIONS.length))),
  state: z.optional(z.unknown()),
  state_version: z.nullish(z.number()),
  state_ttl: z.nullish(z.int().check(z.minimum(1), z.maximum(MAX_STATE_TTL_S))),
  handover: z.nullish(z.string().check(z.regex(/^(bot|human|\d{1,32})$/))),
});

interface AnswerOptions {
  platform: Platform;
  /** Whether a text that is too long goes out as several. */
  split: boolean;
}

/** What web frameworks answer when a handler returns nothing. */
const BARE_OK = /^"?(ok|accepted|success|event_received)"?$/i;

/** Reads a bot's 2xx body. One message that can't be sent makes the whole answer invalid: half a reply is no reply. */
export function readAnswer(text: string, { platform, split }: AnswerOptions): ReadAnswer {
  const body = text.trim();
  if (body === "" || BARE_OK.test(body)) return { kind: "answer", answer: NO_REPLY };
  const parsed = parseAnswer(body, z.nullable(answerSchema));
  if (parsed.kind !== "parsed") return parsed;
  if (parsed.value === null) return { kind: "answer", answer: NO_REPLY };

  const { state, state_version, state_ttl, handover } = parsed.value;
  const messages = parsed.value.messages ?? [];
  const actions = parsed.value.actions ?? [];
  const bodies: OutgoingBody[] = [];
  for (const [index, message] of messages.entries()) {
    const checked = checkBody(message, { platform, path: `messages[${index}]`, split });
    if (!checked.ok) return { kind: "invalid", reason: `${checked.issue.path}: ${checked.issue.message}` };
    bodies.push(...checked.bodies);
  }
  const excess = tooMany("messages", bodies.length);
  if (excess) return excess;
  // Actions go before a message; with none to go before, the last is what is sent.
  const alone = bodies.length === 0 ? actions.pop() : undefined;
  if (alone !== undefined) bodies.push({ sender_action: alone });
  const answer = {
    messages: bodies,
    actions,
    ...(state === undefined ? {} : { state: JSON.stringify(state), ...lasting(state_ttl ?? undefined) }),
    ...(state_version == null ? {} : { stateVersion: state_version }),
    ...(handover == null ? {} : { handover }),
  };
  return { kind: "answer", answer };
}

const lasting = (seconds: number | undefined) =>
  seconds === undefined ? {} : { stateTtlMs: seconds * 1000 };
