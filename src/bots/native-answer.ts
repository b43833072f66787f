import * as z from "zod/mini";
import type { BotAnswer, OutgoingBody } from "../conversation/work.ts";

const ACTIONS = ["mark_seen", "typing_on", "typing_off"] as const;
/** More in one answer would be a flood, not a reply. */
const MAX_MESSAGES = 50;

const messageSchema = z.looseObject({});

const answerSchema = z.looseObject({
  messages: z.optional(z.array(messageSchema).check(z.maxLength(MAX_MESSAGES))),
  actions: z.optional(z.array(z.enum(ACTIONS)).check(z.maxLength(ACTIONS.length))),
  state: z.optional(z.unknown()),
  state_version: z.nullish(z.number()),
  handover: z.optional(z.string().check(z.regex(/^(bot|human|\d{1,32})$/))),
});

export const NO_REPLY: BotAnswer = { messages: [], actions: [] };
/** What web frameworks answer when a handler returns nothing. */
const BARE_OK = /^"?(ok|accepted|success|event_received)"?$/i;

/** Reads a bot's 2xx body; `undefined` when it is not an answer. */
export function parseAnswer(text: string): BotAnswer | undefined {
  const body = text.trim();
  if (body === "" || BARE_OK.test(body)) return NO_REPLY;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (json === null) return NO_REPLY;
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return undefined;

  const { messages = [], actions = [], state, state_version, handover } = parsed.data;
  const bodies: OutgoingBody[] = [];
  for (const message of messages) {
    const body = toBody(message);
    if (!body) return undefined;
    bodies.push(body);
  }
  // Actions go before a message; with none to go before, the last is what is sent.
  const alone = bodies.length === 0 ? actions.pop() : undefined;
  if (alone !== undefined) bodies.push({ sender_action: alone });
  return {
    messages: bodies,
    actions,
    ...(state === undefined ? {} : { state: JSON.stringify(state) }),
    ...(state_version == null ? {} : { stateVersion: state_version }),
    ...(handover === undefined ? {} : { handover }),
  };
}

/** A message object, or a full Send API body → a body without recipient: whom it goes to is not the bot's choice. */
function toBody(message: Record<string, unknown>): OutgoingBody | undefined {
  if (isObject(message["message"]) || typeof message["sender_action"] === "string") {
    const { recipient: _, access_token: __, appsecret_proof: ___, ...body } = message;
    return { messaging_type: "RESPONSE", ...body };
  }
  if ("text" in message || "attachment" in message || "attachments" in message) {
    return { messaging_type: "RESPONSE", message };
  }
  return undefined;
}

const isObject = (value: unknown): boolean =>
  value !== null && typeof value === "object" && !Array.isArray(value);
