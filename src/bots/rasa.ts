import * as z from "zod/mini";
import { parseAnswer } from "./answer.ts";
import type { Bot, BotSettings } from "./bot.ts";
import type { Choice } from "./choices.ts";
import { fileTypeOf, type PlacedReply, type Reply } from "./replies.ts";
import { addressUnder, metadataOf, turnsBot } from "./turns.ts";

/**
 * Rasa's REST channel.
 * @see https://rasa.com/docs/rasa/connectors/your-own-website#restinput
 */
export function rasaBot(settings: BotSettings): Bot {
  const isChannel = /\/webhook\/?$/.test(new URL(settings.url).pathname);
  const url = isChannel ? settings.url : addressUnder(settings.url, "/webhooks/rest/webhook");
  return turnsBot(settings, {
    name: "rasa",
    requestOf: (ask, conversation) => ({
      url,
      body: {
        sender: conversation.id,
        message: ask.payload ?? ask.text,
        metadata: metadataOf(ask, conversation),
      },
    }),
    read(text) {
      const parsed = parseAnswer(text, answerSchema);
      if (parsed.kind !== "parsed") return parsed;
      return { kind: "replies", replies: parsed.value.flatMap(repliesIn) };
    },
  });
}

const text = z.nullish(z.string());

/** Rasa takes what an action gives it: buttons may be whole ones of the Send API. */
const buttonSchema = z.looseObject({
  type: text,
  content_type: text,
  title: text,
  payload: z.nullish(z.union([z.string(), z.number()])),
  url: text,
  image_url: text,
});
const buttonsSchema = z.nullish(z.array(buttonSchema));

const elementSchema = z.looseObject({
  title: text,
  subtitle: text,
  image_url: text,
  item_url: text,
  default_action: z.nullish(z.looseObject({ url: text })),
  buttons: buttonsSchema,
});

const attachmentSchema = z.looseObject({
  type: text,
  payload: z.nullish(z.looseObject({ url: text, src: text, title: text, template_type: text })),
});

const replySchema = z.looseObject({
  text,
  buttons: buttonsSchema,
  quick_replies: buttonsSchema,
  custom: z.optional(z.unknown()),
  image: text,
  attachment: z.nullish(z.union([z.string(), attachmentSchema])),
  elements: z.nullish(z.array(elementSchema)),
});
const answerSchema = z.array(replySchema);

/** In the order in which Rasa's own channels send what one response holds. */
function repliesIn(said: z.infer<typeof replySchema>, index: number): PlacedReply[] {
  const choices = [
    ...(said.buttons ?? []).map((button) => choiceOf(button, false)),
    ...(said.quick_replies ?? []).map((button) => choiceOf(button, true)),
  ];
  const replies: Reply[] = [{ kind: "text", text: said.text ?? "", choices }];
  if (said.custom != null) replies.push(...[said.custom].flat().map(customReply));
  if (said.image) replies.push({ kind: "file", type: "image", url: said.image });
  if (said.attachment) replies.push(attachmentReply(said.attachment));
  if (said.elements) replies.push({ kind: "cards", cards: said.elements.map(cardOf) });
  return replies.map((reply) => ({ reply, path: `[${index}]` }));
}

/** What the Send API takes as it is: a message object, or a body with one or with a sender action. */
const SENDABLE = ["text", "attachment", "attachments", "message", "sender_action"];

function customReply(custom: unknown): Reply {
  const { data } = z.safeParse(z.looseObject({ sender: z.optional(z.unknown()) }), custom);
  if (!data || !SENDABLE.some((name) => name in data)) return { kind: "unsayable", what: "custom" };
  // Rasa's Facebook channel takes it for whom to send to, and out.
  const { sender: _, ...body } = data;
  return { kind: "as_is", body };
}

/** Buttons of the Send API's own that are neither answers nor links. */
const SPECIAL: ReadonlySet<string> = new Set(["phone_number", "account_link", "account_unlink", "game_play"]);

function choiceOf(button: z.infer<typeof buttonSchema>, isQuick: boolean): Choice {
  const { type, content_type: asked, title, payload, url, image_url: imageUrl } = button;
  if (isQuick && asked && asked !== "text") return { kind: "quick_reply", quickReply: button };
  if (type && SPECIAL.has(type)) return { kind: "button", button };
  if (url) return { kind: "link", title: title ?? "", url };
  const answer = { title: title ?? "", payload: String(payload ?? title ?? ""), isQuick };
  return { kind: "answer", ...answer, ...(imageUrl ? { imageUrl } : {}) };
}

function attachmentReply(attachment: string | z.infer<typeof attachmentSchema>): Reply {
  if (typeof attachment === "string") return { kind: "file", type: fileTypeOf(attachment), url: attachment };
  const { type, payload } = attachment;
  if (type === "template") return { kind: "as_is", body: { attachment } };
  const url = payload?.url ?? payload?.src;
  if (!url) return { kind: "unsayable", what: "attachment" };
  const isKnown = type === "image" || type === "video" || type === "audio" || type === "file";
  return { kind: "file", type: isKnown ? type : fileTypeOf(url), url, title: payload?.title ?? undefined };
}

function cardOf(element: z.infer<typeof elementSchema>) {
  return {
    title: element.title ?? undefined,
    subtitle: element.subtitle ?? undefined,
    imageUrl: element.image_url ?? undefined,
    link: element.default_action?.url ?? element.item_url ?? undefined,
    choices: (element.buttons ?? []).map((button) => choiceOf(button, false)),
  };
}
