import * as z from "zod/mini";
import { parseAnswer } from "./answer.ts";
import type { Bot, BotSettings } from "./bot.ts";
import type { Card } from "./cards.ts";
import type { Choice } from "./choices.ts";
import { fileTypeOf, type Reply } from "./replies.ts";
import { addressUnder, metadataOf, turnsBot } from "./turns.ts";

/**
 * The converse API of Botpress 12, whose content types changed their fields within that version: both forms are read.
 * @see https://github.com/botpress/v12/blob/master/packages/bp/src/core/converse/converse-router.ts
 */
export function botpressBot(settings: BotSettings): Bot {
  return turnsBot(settings, {
    name: "botpress",
    requestOf: (ask, conversation) => ({
      url: addressUnder(settings.url, `/converse/${encodeURIComponent(conversation.id)}`),
      body: { type: "text", text: ask.payload ?? ask.text, metadata: metadataOf(ask, conversation) },
    }),
    read(text) {
      const parsed = parseAnswer(text, answerSchema);
      if (parsed.kind !== "parsed") return parsed;
      const replies = parsed.value.responses.flatMap((response, index) => {
        const reply = replyOf(response, settings.url);
        return reply ? [{ reply, path: `responses[${index}]` }] : [];
      });
      return { kind: "replies", replies };
    },
  });
}

const text = z.nullish(z.string());

const actionSchema = z.looseObject({
  action: text,
  type: text,
  title: text,
  text,
  url: text,
  payload: text,
});
const cardSchema = z.looseObject({
  title: text,
  subtitle: text,
  image: text,
  picture: text,
  actions: z.nullish(z.array(actionSchema)),
  buttons: z.nullish(z.array(actionSchema)),
});
const choicesSchema = z.nullish(
  z.array(z.looseObject({ title: text, label: text, value: text, payload: text })),
);

const responseSchema = z.looseObject({
  ...cardSchema.shape,
  type: text,
  text,
  message: text,
  choices: choicesSchema,
  options: choicesSchema,
  quick_replies: choicesSchema,
  items: z.nullish(z.array(cardSchema)),
  elements: z.nullish(z.array(cardSchema)),
  audio: text,
  video: text,
  file: text,
  url: text,
  latitude: z.nullish(z.number()),
  longitude: z.nullish(z.number()),
  address: text,
  value: z.optional(z.unknown()),
});
type Said = z.infer<typeof responseSchema>;
const answerSchema = z.looseObject({ responses: z.array(responseSchema) });

/** @param base what Botpress's own files are relative to */
function replyOf(response: Said, base: string): Reply | undefined {
  const { type, title } = response;
  switch (type) {
    case "typing":
      return response.value === false || response.value === 0 ? undefined : { kind: "typing" };
    case "card":
      return { kind: "cards", cards: [cardOf(response, base)] };
    case "carousel":
      return {
        kind: "cards",
        cards: (response.items ?? response.elements ?? []).map((card) => cardOf(card, base)),
      };
    case "image":
    case "audio":
    case "video":
    case "file": {
      const address = response[type];
      const url = addressOf(address ?? response.url, base);
      if (url === undefined) return unsayable(response);
      // The older form says `file` of everything, and `url` instead of the type's name.
      const isOlder = type === "file" && !address;
      return { kind: "file", type: isOlder ? fileTypeOf(url) : type, url, title: title ?? undefined };
    }
    case "location": {
      const { latitude, longitude, address } = response;
      if (latitude == null || longitude == null) return unsayable(response);
      return {
        kind: "location",
        latitude,
        longitude,
        title: title ?? undefined,
        address: address ?? undefined,
      };
    }
    default: {
      const words = response.text ?? response.message ?? "";
      const choices = (response.choices ?? response.options ?? response.quick_replies ?? []).map(choiceOf);
      return words === "" && choices.length === 0
        ? unsayable(response)
        : { kind: "text", text: words, choices };
    }
  }
}

const unsayable = ({ type }: Said): Reply => ({ kind: "unsayable", what: type ?? "no type" });

type Option = NonNullable<z.infer<typeof choicesSchema>>[number];

/** A quick reply, as Botpress's own channel for Messenger has it. */
function choiceOf({ title, label, value, payload }: Option): Choice {
  const name = title ?? label ?? "";
  return { kind: "answer", title: name, payload: value || payload || name, isQuick: true };
}

function cardOf(card: z.infer<typeof cardSchema>, base: string): Card {
  return {
    title: card.title ?? undefined,
    subtitle: card.subtitle ?? undefined,
    imageUrl: addressOf(card.image ?? card.picture, base),
    choices: (card.actions ?? card.buttons ?? []).map((action) => actionOf(action, base)),
  };
}

/** What the action is shows in what it has: an address, a payload, or words to say. */
function actionOf({ title, text: words, url, payload }: z.infer<typeof actionSchema>, base: string): Choice {
  const name = title ?? "";
  const address = addressOf(url, base);
  if (address !== undefined) return { kind: "link", title: name, url: address };
  return { kind: "answer", title: name, payload: payload || words || name, isQuick: false };
}

/** Botpress names its own files by their path. */
function addressOf(url: string | null | undefined, base: string): string | undefined {
  if (!url) return undefined;
  return url.startsWith("/") ? new URL(url, base).href : url;
}
