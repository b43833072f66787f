import * as z from "zod/mini";
import type { IncomingEvent } from "../conversation/incoming.ts";
import { readMark } from "../conversation/mark.ts";
import type { Receipt } from "../conversation/receipts.ts";
import type { Platform } from "../conversation/work.ts";
import {
  type ConversationId,
  conversationId,
  PAGE_ITSELF,
  type PageId,
  pageId,
  type UserId,
  userId,
  userIdOfRef,
} from "../ids.ts";
import { identify } from "./dedupe.ts";
import { effectsOf } from "./effects.ts";
import { classify, classifyChange, type MessengerEvent, opensWindow, participantsOf } from "./events.ts";

/** Which events of which conversations one POST carries, in Meta's order. */
export type Batch = Map<ConversationId, IncomingEvent[]>;

/** What counts for the events of a page. */
export interface Policy {
  /** Its app's. */
  appId: string | undefined;
  /** Event types that go to the bot; `undefined` = all. */
  botEvents: ReadonlySet<string> | undefined;
}

type Source = "messaging" | "standby" | "changes";
const SOURCES: readonly Source[] = ["messaging", "standby", "changes"];

const envelopeSchema = z.looseObject({
  object: z.string(),
  entry: z.array(z.looseObject({ id: z.union([z.string(), z.number()]) })),
});

/** Meta's envelope: its entries, each with the page it is of. */
export interface Envelope {
  platform: Platform;
  entries: { page: PageId; entry: Record<string, unknown> }[];
}

/** What becomes part of an object's name is checked; anything odd goes to the page's own conversation instead. */
const PAGE_ID = /^[A-Za-z0-9.:-]{1,64}$/;
/** ms; later times have no date (ECMA-262, "Time Values"). */
const LAST_DATE = 8.64e15;
const USER_ID = /^[\w.:-]{1,128}$/;

/** @returns `undefined` when it isn't an envelope at all */
export function readEnvelope(body: unknown): Envelope | undefined {
  const envelope = envelopeSchema.safeParse(body);
  if (!envelope.success) return undefined;
  const entries = envelope.data.entry.map((entry) => ({ page: pageId(String(entry.id)), entry }));
  if (!entries.every(({ page }) => PAGE_ID.test(page))) return undefined;
  return { platform: envelope.data.object === "instagram" ? "instagram" : "messenger", entries };
}

/**
 * Reads every item of `messaging`, `standby` and `changes` of every entry. Nothing is dropped: what can't be understood
 * is kept as an `unknown` event, since Meta would only redeliver it for hours.
 */
export async function readBatch(
  { platform, entries }: Envelope,
  now: number,
  policyOf: (page: PageId) => Policy,
): Promise<Batch> {
  const batch: Batch = new Map();
  for (const { page, entry } of entries) {
    const policy = policyOf(page);
    // Conversation routing says beside the events how the thread came to us: it goes with each.
    const hop = entry["hop_context"];
    const add = async (
      user: UserId,
      event: MessengerEvent,
      channel: Source | "entry",
      item: unknown,
      at: number,
    ) => {
      const { key, id } = await identify(event, channel, item);
      const isUsers = opensWindow(event);
      const incoming: IncomingEvent = {
        key,
        id,
        type: event.type,
        at,
        platform,
        forward: goesToBot(event, policy),
        opensWindow: channel === "messaging" && isUsers,
        raw: JSON.stringify(
          hop === undefined || channel !== "messaging" || !isRecord(item)
            ? item
            : { ...item, hop_context: hop },
        ),
      };
      if (isUsers && (channel === "messaging" || channel === "standby")) incoming.shownIn = channel;
      if (channel !== "entry") {
        const effects = effectsOf(event, { channel, at, appId: policy.appId });
        if (effects.length > 0) incoming.effects = effects;
      }
      if (event.type === "echo") incoming.echo = echoOf(event);
      const pace = paceOf(event);
      if (pace) incoming.pace = pace;
      const receipt = receiptOf(event);
      if (receipt) incoming.receipt = receipt;
      const conversation = conversationId(page, user);
      const events = batch.get(conversation);
      if (events) events.push(incoming);
      else batch.set(conversation, [incoming]);
    };

    let items = 0;
    for (const channel of SOURCES) {
      const list = entry[channel];
      if (!Array.isArray(list)) continue;
      for (const item of list as unknown[]) {
        items++;
        if (!isRecord(item)) {
          await add(PAGE_ITSELF, { type: "unknown" }, channel, item, now);
          continue;
        }
        const fields = item;
        if (channel === "changes") {
          const event = classifyChange(fields);
          await add(authorOf(event, page), event, channel, item, seconds(entry["time"]) ?? now);
        } else {
          const event = classify(fields, page);
          const { sender, recipient, timestamp } = participantsOf(fields);
          await add(userOf(event, page, sender, recipient), event, channel, item, timestamp ?? now);
        }
      }
    }
    // An entry of a kind that isn't known yet is an event of the page.
    if (items === 0) await add(PAGE_ITSELF, { type: "unknown" }, "entry", entry, now);
  }
  return batch;
}

/** Echoes of our own messages only settle their sends: the bot wrote those messages. */
function goesToBot(event: MessengerEvent, { appId, botEvents }: Policy): boolean {
  if (event.type === "echo") {
    const { metadata, app_id } = event.value;
    if (readMark(metadata ?? undefined) || (appId !== undefined && app_id === appId)) return false;
  }
  return botEvents === undefined || botEvents.has(event.type);
}

/** What is written is mostly followed by more; what is tapped expects an answer at once. The rest goes along. */
function paceOf(event: MessengerEvent): IncomingEvent["pace"] {
  if (event.type === "message") return event.value.quick_reply == null ? "gather" : "now";
  return event.type === "postback" ? "now" : undefined;
}

/** The user is the sender, except on echoes and on whatever else the page itself sends. */
function userOf(
  event: MessengerEvent,
  page: string,
  sender: string | undefined,
  recipient: string | undefined,
): UserId {
  const other = event.type === "echo" || sender === undefined || sender === page ? recipient : sender;
  if (other !== undefined && other !== page && USER_ID.test(other)) return userId(other);
  if (event.type === "optin" && event.value.user_ref !== undefined && USER_ID.test(event.value.user_ref)) {
    return userIdOfRef(event.value.user_ref);
  }
  return PAGE_ITSELF;
}

const authorSchema = z.looseObject({ from: z.looseObject({ id: z.union([z.string(), z.number()]) }) });

/** A comment's author; the page's own posts and what has no author concern the page. */
function authorOf(event: MessengerEvent, page: string): UserId {
  if (event.type !== "feed") return PAGE_ITSELF;
  const parsed = authorSchema.safeParse(event.value);
  const author = parsed.success ? String(parsed.data.from.id) : page;
  return author !== page && USER_ID.test(author) ? userId(author) : PAGE_ITSELF;
}

function echoOf(event: MessengerEvent & { type: "message" | "echo" }): NonNullable<IncomingEvent["echo"]> {
  return { mid: event.value.mid, metadata: event.value.metadata ?? undefined };
}

function receiptOf(event: MessengerEvent): Receipt | undefined {
  if (event.type === "delivery") {
    return { kind: "delivered", watermark: wholeTime(event.value.watermark), mids: event.value.mids ?? [] };
  }
  // Instagram names the message, Messenger the time.
  if (event.type === "read") {
    const { watermark, mid } = event.value;
    return { kind: "read", watermark: wholeTime(watermark), mids: typeof mid === "string" ? [mid] : [] };
  }
  return undefined;
}

/** What is no time in whole milliseconds tells nothing. */
const wholeTime = (time: number | undefined): number | undefined =>
  time !== undefined && Number.isSafeInteger(time) && time >= 0 && time <= LAST_DATE ? time : undefined;

/** `entry.time` is seconds on `changes`, milliseconds on the rest. */
function seconds(time: unknown): number | undefined {
  if (typeof time !== "number" || !Number.isSafeInteger(time) || time <= 0 || time > LAST_DATE)
    return undefined;
  return time < 100_000_000_000 ? time * 1000 : time;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
