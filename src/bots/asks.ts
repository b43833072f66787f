import * as z from "zod/mini";
import type { DeliverWork } from "../conversation/work.ts";

/** What a user did that a bot which talks in turns can be asked about. Pure. */
export interface Ask {
  /** The event's. */
  id: string;
  type: string;
  /** ms */
  at: number;
  /** Its place among the delivery's events, from 1: the same on every attempt. */
  place: number;
  /** What was written, the title of what was tapped or the reference of what was followed; then a line for each attachment. */
  text: string;
  /** The same without the attachments; may be empty. */
  words: string;
  /** What a tapped button or quick reply stands for. */
  payload: string | undefined;
  /** How the user came, as Meta tells it. */
  referral: Record<string, unknown> | undefined;
  attachments: Attachment[];
}

interface Attachment {
  type: string;
  url?: string;
  title?: string;
  latitude?: number;
  longitude?: number;
}

type Event = DeliverWork["events"][number];

/** The types of events that can become an {@link Ask}: the others aren't worth a delivery. */
export const ASKING_TYPES: ReadonlySet<string> = new Set(["message", "postback", "referral"]);

/** What the events ask, in order. Of those that ask nothing, there is nothing. */
export function asksIn(events: readonly Event[]): Ask[] {
  return events.flatMap((event, index) => {
    if (!ASKING_TYPES.has(event.type) || event.isStandby) return [];
    const said = saidIn(event);
    return said ? [{ id: event.id, type: event.type, at: event.at, place: index + 1, ...said }] : [];
  });
}

const maybe = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(schema), undefined);
const text = maybe(z.string());
const referralSchema = maybe(z.looseObject({ ref: text }));
/** A number where the bot gave one. */
const payloadSchema = maybe(
  z.pipe(
    z.union([z.string(), z.number()]),
    z.transform((value) => String(value)),
  ),
);

const attachmentSchema = z.looseObject({
  type: text,
  title: text,
  url: text,
  payload: maybe(
    z.looseObject({
      url: text,
      title: text,
      coordinates: maybe(z.looseObject({ lat: z.number(), long: z.number() })),
    }),
  ),
});

const eventSchema = z.looseObject({
  message: maybe(
    z.looseObject({
      text,
      quick_reply: maybe(z.looseObject({ payload: payloadSchema })),
      attachments: maybe(z.array(z.catch(attachmentSchema, {}))),
      referral: referralSchema,
    }),
  ),
  postback: maybe(z.looseObject({ title: text, payload: payloadSchema, referral: referralSchema })),
  referral: referralSchema,
});

type Said = Pick<Ask, "text" | "words" | "payload" | "referral" | "attachments">;

function saidIn(event: Event): Said | undefined {
  const { data } = eventSchema.safeParse(JSON.parse(event.raw));
  if (event.type === "message" && data?.message) return saidInMessage(data.message, event.media ?? []);
  if (event.type === "postback" && data?.postback) {
    const { title, payload, referral } = data.postback;
    const words = title || payload || "[postback]";
    return { text: words, words, payload: payload || undefined, referral, attachments: [] };
  }
  // Whoever came by a link without a reference has said nothing yet.
  const referral = data?.referral;
  if (!referral?.ref) return undefined;
  return { text: referral.ref, words: referral.ref, payload: undefined, referral, attachments: [] };
}

type Message = NonNullable<z.infer<typeof eventSchema>["message"]>;

function saidInMessage(message: Message, links: NonNullable<Event["media"]>): Said {
  const words = message.text ?? "";
  const attachments = (message.attachments ?? []).map((one, index) =>
    attachmentOf(one, links.find((link) => link.index === index)?.url),
  );
  const lines = linesOf(words, attachments);
  return {
    text: lines.length === 0 ? UNSUPPORTED : lines.join("\n"),
    words,
    payload: message.quick_reply?.payload || undefined,
    referral: message.referral,
    attachments,
  };
}

/** Stands for what Meta tells nothing of. */
const UNSUPPORTED = "[unsupported]";

/** Stickers are pictures, too. */
const PICTURES: ReadonlySet<string> = new Set(["image", "sticker"]);

/** What was said, for those who can look at pictures: their addresses, and the text without them. */
export function wordsAndPictures({ words, attachments }: Pick<Ask, "words" | "attachments">): {
  text: string;
  pictures: string[];
} {
  const isPicture = ({ type, url }: Attachment) => PICTURES.has(type) && url !== undefined;
  const pictures = attachments.filter(isPicture).flatMap(({ url }) => url ?? []);
  const lines = linesOf(
    words,
    attachments.filter((one) => !isPicture(one)),
  );
  const isNothing = lines.length === 0 && pictures.length === 0;
  return { text: isNothing ? UNSUPPORTED : lines.join("\n"), pictures };
}

/** What was written, if anything was, then a line for each attachment. */
function linesOf(words: string, attachments: readonly Attachment[]): string[] {
  const lines = attachments
    // Meta shows a link that was written once more as its preview.
    .filter(({ type }) => type !== "fallback" || words === "")
    .map(lineOf);
  return words === "" ? lines : [words, ...lines];
}

/** @param copy where we keep it, which lasts longer than Meta's address */
function attachmentOf(
  { type = "attachment", title, url, payload }: z.infer<typeof attachmentSchema>,
  copy: string | undefined,
): Attachment {
  const at = copy ?? payload?.url ?? url;
  const named = title ?? payload?.title;
  const coordinates = payload?.coordinates;
  return {
    type,
    ...(at === undefined ? {} : { url: at }),
    ...(named === undefined ? {} : { title: named }),
    ...(coordinates ? { latitude: coordinates.lat, longitude: coordinates.long } : {}),
  };
}

/** Its address, a place as RFC 5870 writes it, or at least what kind of thing it is. */
function lineOf({ type, url, title, latitude, longitude }: Attachment): string {
  if (latitude !== undefined && longitude !== undefined) return `geo:${latitude},${longitude}`;
  return url ?? title ?? `[${type}]`;
}
