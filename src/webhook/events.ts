import * as z from "zod/mini";

/**
 * Every kind of event Meta sends, told apart by the field that stands beside sender, recipient and timestamp.
 * Schemas ask only for what the gateway itself relies on: unknown fields pass, and an event that does not fit
 * its kind becomes `unknown` rather than being dropped. The raw event is always kept whole.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
 */

/** Ids are strings; old payloads have numbers. */
const id = z.pipe(
  z.union([z.string(), z.number()]),
  z.transform((value) => String(value)),
);
const optionalText = z.optional(z.nullable(z.string()));

const message = z.looseObject({
  mid: z.string(),
  text: optionalText,
  is_echo: z.optional(z.boolean()),
  is_deleted: z.optional(z.boolean()),
  metadata: optionalText,
  app_id: z.optional(z.nullable(id)),
});
const anything = z.looseObject({});

/** The field that tells the kind → what we need of it. Order matters: the first field present decides. */
const KINDS = {
  message,
  message_edit: z.looseObject({ mid: z.string() }),
  postback: z.looseObject({ mid: optionalText }),
  reaction: z.looseObject({ mid: z.string(), action: z.string() }),
  delivery: z.looseObject({ watermark: z.optional(z.number()), mids: z.optional(z.array(z.string())) }),
  read: z.looseObject({ watermark: z.optional(z.number()), mid: optionalText }),
  optin: z.looseObject({ user_ref: z.optional(id) }),
  referral: anything,
  account_linking: anything,
  pass_thread_control: anything,
  take_thread_control: anything,
  request_thread_control: anything,
  app_roles: anything,
  policy_enforcement: anything,
  response_feedback: anything,
  messaging_feedback: anything,
  messaging_customer_information: anything,
  message_context: anything,
  game_play: anything,
  payment: anything,
  pre_checkout: anything,
  checkout_update: anything,
  order: anything,
  label: anything,
} as const;
type Kind = keyof typeof KINDS;

/** Shapes that carry a type of their own, beside {@link KINDS}: an echo is a message; `feed` and `change` come as `changes`. */
const OTHER_TYPES = ["echo", "feed", "change", "unknown"] as const;
export type EventType = Kind | (typeof OTHER_TYPES)[number];

/** A classified event: what is known of it by its type. */
export type MessengerEvent =
  | { [K in Exclude<Kind, "message">]: { type: K; value: z.infer<(typeof KINDS)[K]> } }[Exclude<
      Kind,
      "message"
    >]
  | { type: "message" | "echo"; value: z.infer<typeof message> }
  | { type: "feed" | "change"; value: Record<string, unknown> }
  | { type: "unknown" };

const KIND_NAMES = Object.keys(KINDS) as Kind[];
export const EVENT_TYPES: ReadonlySet<string> = new Set([...KIND_NAMES, ...OTHER_TYPES]);

/** Classifies an item of `messaging` or `standby`. */
export function classify(item: Record<string, unknown>): MessengerEvent {
  for (const kind of KIND_NAMES) {
    if (item[kind] === undefined || item[kind] === null) continue;
    const parsed = KINDS[kind].safeParse(item[kind]);
    if (!parsed.success) return { type: "unknown" };
    const type = kind === "message" && item["message"] !== null && isEcho(parsed.data) ? "echo" : kind;
    return { type, value: parsed.data } as MessengerEvent;
  }
  return { type: "unknown" };
}

const isEcho = (value: Record<string, unknown>): boolean => value["is_echo"] === true;

const changeSchema = z.looseObject({ field: z.string(), value: z.optional(z.looseObject({})) });

/** Classifies an item of `changes`. */
export function classifyChange(item: Record<string, unknown>): MessengerEvent {
  const parsed = changeSchema.safeParse(item);
  if (!parsed.success) return { type: "unknown" };
  return { type: parsed.data.field === "feed" ? "feed" : "change", value: parsed.data.value ?? {} };
}

/** What a user does that opens Meta's 24-hour window (Platform policy, "Standard messaging window"). */
const OPENS_WINDOW: ReadonlySet<EventType> = new Set([
  "message",
  "postback",
  "reaction",
  "referral",
  "optin",
]);
export const opensWindow = (type: EventType): boolean => OPENS_WINDOW.has(type);

const participant = z.looseObject({ id: z.optional(id), user_ref: z.optional(id) });
const envelopeItem = z.looseObject({
  sender: z.optional(z.nullable(participant)),
  recipient: z.optional(z.nullable(participant)),
  timestamp: z.optional(z.nullable(z.union([z.number(), z.string()]))),
});

/** ms; later times have no date (ECMA-262, "Time Values"). */
const LAST_DATE = 8.64e15;

export interface Participants {
  sender: string | undefined;
  recipient: string | undefined;
  /** Milliseconds; `undefined` when absent or not a time. */
  timestamp: number | undefined;
}

/** Who sent the event to whom and when, as far as it says so in a form we know. */
export function participantsOf(item: Record<string, unknown>): Participants {
  const parsed = envelopeItem.safeParse(item);
  if (!parsed.success) return { sender: undefined, recipient: undefined, timestamp: undefined };
  const { sender, recipient, timestamp } = parsed.data;
  const time = Number(timestamp ?? Number.NaN);
  return {
    sender: sender?.id,
    recipient: recipient?.id,
    timestamp: Number.isSafeInteger(time) && time > 0 && time <= LAST_DATE ? time : undefined,
  };
}
