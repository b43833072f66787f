import * as z from "zod/mini";
import type { DeliverWork } from "../conversation/work.ts";
import { parseAnswer } from "./answer.ts";
import type { Ask } from "./asks.ts";
import type { Bot, BotSettings } from "./bot.ts";
import type { Card } from "./cards.ts";
import type { Choice } from "./choices.ts";
import { type FileType, fileTypeOf, type PlacedReply, type Reply } from "./replies.ts";
import { turnsBot } from "./turns.ts";

/**
 * Tock's web connector.
 * @see https://github.com/theopenconversationkit/tock/tree/master/bot/connector-web
 */
export function tockBot(settings: BotSettings): Bot {
  return turnsBot(settings, {
    name: "tock",
    requestOf: (ask, conversation) => ({
      url: settings.url,
      body: { ...askedOf(ask), userId: conversation.id, ...localeOf(conversation) },
    }),
    read(text) {
      const parsed = parseAnswer(text, answerSchema);
      if (parsed.kind !== "parsed") return parsed;
      return { kind: "replies", replies: parsed.value.responses.flatMap(repliesIn) };
    },
  });
}

/** Marks the payload of a button without one: a tap on it says its title, where all other payloads name an intent. */
const SAYS = "messengate:say:";

function askedOf({ type, text, payload, referral }: Ask): Record<string, unknown> {
  if (payload?.startsWith(SAYS)) return { query: payload.slice(SAYS.length) };
  const ref = typeof referral?.["ref"] === "string" ? { ref: referral["ref"] } : {};
  if (payload !== undefined) return { payload, ...ref };
  return type === "referral" ? ref : { query: text };
}

const profileSchema = z.looseObject({ locale: z.string() });

/** Without one, Tock takes the locale it is set to. */
function localeOf({ profile }: DeliverWork["conversation"]): { locale?: string } {
  const { data } = z.safeParse(profileSchema, profile === null ? null : JSON.parse(profile));
  return data ? { locale: data.locale } : {};
}

const text = z.nullish(z.string());

const buttonsSchema = z.nullish(
  z.array(
    z.looseObject({
      type: text,
      title: text,
      payload: text,
      url: text,
      imageUrl: text,
      nlpText: text,
    }),
  ),
);
const fileSchema = z.looseObject({ url: z.string(), name: text, type: text });
/** Older versions have `actions` for `buttons`. */
const cardSchema = z.looseObject({
  title: text,
  subTitle: text,
  file: z.nullish(fileSchema),
  buttons: buttonsSchema,
  actions: buttonsSchema,
});
const footnoteSchema = z.looseObject({ identifier: text, title: text, url: text });

const responseSchema = z.looseObject({
  text,
  buttons: buttonsSchema,
  actions: buttonsSchema,
  footnotes: z.nullish(z.array(footnoteSchema)),
  card: z.nullish(cardSchema),
  carousel: z.nullish(z.looseObject({ cards: z.nullish(z.array(cardSchema)) })),
  image: z.nullish(z.looseObject({ file: fileSchema, title: text })),
  deepLink: z.optional(z.unknown()),
  widget: z.optional(z.unknown()),
});
const answerSchema = z.looseObject({ responses: z.array(responseSchema) });

function repliesIn(said: z.infer<typeof responseSchema>, index: number): PlacedReply[] {
  const notes = (said.footnotes ?? []).map(noteOf);
  const words = [said.text ?? "", notes.join("\n")].filter((part) => part !== "").join("\n\n");
  const replies: Reply[] = [
    { kind: "text", text: words, choices: choicesOf(said.buttons ?? said.actions) },
    ...(said.card ? cardReplies([said.card]) : []),
    ...(said.carousel?.cards ? cardReplies(said.carousel.cards) : []),
  ];
  if (said.image) replies.push(fileReply(said.image.file, said.image.title ?? undefined));
  for (const what of ["deepLink", "widget"] as const) {
    if (said[what] != null) replies.push({ kind: "unsayable", what });
  }
  return replies.map((reply) => ({ reply, path: `responses[${index}]` }));
}

const noteOf = ({ identifier, title, url }: z.infer<typeof footnoteSchema>): string =>
  [identifier ? `${identifier}.` : "", title ?? "", url ?? ""].filter((part) => part !== "").join(" ");

const choicesOf = (buttons: z.infer<typeof buttonsSchema>): Choice[] =>
  (buttons ?? []).map(({ type, title, payload, url, imageUrl, nlpText }) => {
    const name = title ?? "";
    if (url) return { kind: "link", title: name, url };
    const isQuick = type === "quick_reply";
    const answer = { title: name, payload: payload ?? `${SAYS}${nlpText || name}`, isQuick };
    return { kind: "answer", ...answer, ...(imageUrl ? { imageUrl } : {}) };
  });

/** A card shows an image; any other file goes before the cards. */
function cardReplies(cards: readonly z.infer<typeof cardSchema>[]): Reply[] {
  const files = cards.flatMap(({ file }) => (file && typeOf(file) !== "image" ? [fileReply(file)] : []));
  return [...files, { kind: "cards", cards: cards.map(cardOf) }];
}

const cardOf = ({ title, subTitle, file, buttons, actions }: z.infer<typeof cardSchema>): Card => ({
  title: title ?? undefined,
  subtitle: subTitle ?? undefined,
  imageUrl: file && typeOf(file) === "image" ? file.url : undefined,
  choices: choicesOf(buttons ?? actions),
});

const fileReply = (file: z.infer<typeof fileSchema>, title?: string): Reply => ({
  kind: "file",
  type: typeOf(file),
  url: file.url,
  title,
});

function typeOf({ type, url }: z.infer<typeof fileSchema>): FileType {
  if (type === "image" || type === "video" || type === "audio") return type;
  return type ? "file" : fileTypeOf(url);
}
