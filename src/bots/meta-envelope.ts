import type { DeliverWork } from "../conversation/work.ts";

/**
 * A delivery's events in the envelope in which Meta sends them, so that whoever reads Meta's webhooks can read these.
 * Pure.
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks
 */

type Conversation = Pick<DeliverWork["conversation"], "page" | "platform" | "owner">;
type Event = DeliverWork["events"][number];

/** JSON texts, put together as they are. */
interface Entry {
  list: "messaging" | "standby" | "changes";
  /** Beside the list; empty for nothing. */
  hop: string;
  /** As Meta has it: of `changes` in seconds, else in ms. */
  time: number;
  items: string[];
}

/** Comes under no list of its own: the whole entry. */
interface WholeEntry {
  list: "none";
  raw: string;
}

/**
 * The same text on every attempt, and with every letter beyond ASCII escaped, as Meta does it.
 * @returns nothing when no event among them has a form of Meta's: the gateway's own (`message.failed`) have none
 */
export function envelopeOf(conversation: Conversation, events: readonly Event[]): string | undefined {
  const entries: (Entry | WholeEntry)[] = [];
  for (const event of events) {
    const entry = entryOf(event, conversation);
    if (!entry) continue;
    const last = entries.at(-1);
    if (!last || !goTogether(last, entry)) entries.push(entry);
    else if (last.list !== "none" && entry.list !== "none") {
      last.items.push(...entry.items);
      last.time = entry.time;
    }
  }
  if (entries.length === 0) return undefined;
  const object = conversation.platform === "instagram" ? "instagram" : "page";
  const texts = entries.map((entry) => textOf(entry, conversation.page));
  return escaped(`{"object":"${object}","entry":[${texts.join(",")}]}`);
}

/** A change has no time of its own but that of its entry. */
const goTogether = (last: Entry | WholeEntry, next: Entry | WholeEntry): boolean =>
  last.list !== "none" &&
  last.list === next.list &&
  last.hop === next.hop &&
  (last.list !== "changes" || last.time === next.time);

/** What concerns the thread itself goes to the app that it concerns, whoever has the thread. */
const ABOUT_THREAD: ReadonlySet<string> = new Set([
  "pass_thread_control",
  "take_thread_control",
  "request_thread_control",
  "app_roles",
]);

function entryOf(event: Event, { page, owner }: Conversation): Entry | WholeEntry | undefined {
  const { type, at, raw } = event;
  // Our own, of which Meta knows nothing.
  if (type.includes(".")) return undefined;
  if (type === "feed" || type === "change") {
    return { list: "changes", hop: "", time: Math.floor(at / 1000), items: [raw] };
  }
  if (type === "unknown") {
    const item: unknown = JSON.parse(raw);
    if (!isRecord(item)) return undefined;
    // No item has an id: this is an entry with none of the lists that are known.
    if (String(item["id"]) === page) return { list: "none", raw };
  }
  // That it is another's turn Meta tells by the list, and knows no other way to.
  const isOthers = event.isStandby || (owner !== "bot" && !ABOUT_THREAD.has(type));
  const { item, hop } = withoutHop(raw);
  return { list: isOthers ? "standby" : "messaging", hop, time: Math.floor(at), items: [item] };
}

/** Conversation routing tells beside the list how the thread came to us; intake put it into each item. */
function withoutHop(raw: string): { item: string; hop: string } {
  if (!raw.includes('"hop_context"')) return { item: raw, hop: "" };
  const value: unknown = JSON.parse(raw);
  if (!isRecord(value) || value["hop_context"] === undefined) return { item: raw, hop: "" };
  const { hop_context: hop, ...item } = value;
  return { item: JSON.stringify(item), hop: JSON.stringify(hop) };
}

function textOf(entry: Entry | WholeEntry, page: string): string {
  if (entry.list === "none") return entry.raw;
  const { list, hop, time, items } = entry;
  const beside = hop === "" ? "" : `,"hop_context":${hop}`;
  return `{"id":${JSON.stringify(page)},"time":${time},"${list}":[${items.join(",")}]${beside}}`;
}

/** `ä` → `\u00e4`. JSON has such letters inside strings only. */
const escaped = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
