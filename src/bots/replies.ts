import type { OutgoingBody, Platform } from "../conversation/work.ts";
import { checkBody } from "../messages/check.ts";
import { tooMany, type Unreadable } from "./answer.ts";
import { type Card, cardMessages } from "./cards.ts";
import { type Choice, type Message, textWithChoices } from "./choices.ts";
import { isBlank, isWebAddress } from "./cutting.ts";

/** What bots say, before it takes Messenger's form. */
export type Reply =
  | { kind: "text"; text: string; choices: Choice[] }
  | { kind: "file"; type: FileType; url: string; title?: string | undefined }
  | { kind: "cards"; cards: Card[] }
  | {
      kind: "location";
      latitude: number;
      longitude: number;
      title?: string | undefined;
      address?: string | undefined;
    }
  /** Shows that it is typing. */
  | { kind: "typing" }
  /** A Send API message object or body. */
  | { kind: "as_is"; body: unknown }
  /** What Messenger has no form for. */
  | { kind: "unsayable"; what: string };

export type FileType = "image" | "video" | "audio" | "file";

/** A reply, and where in the bot's answer it was. */
export interface PlacedReply {
  reply: Reply;
  path: string;
}

interface Options {
  platform: Platform;
  /** Whether a text that is too long goes out as several. */
  split: boolean;
}

type Made =
  | {
      kind: "bodies";
      bodies: OutgoingBody[];
      /** What wasn't said, and where it was. */
      unsaid: string[];
    }
  | Unreadable;

/** Puts replies into Messenger's form. One that can't be sent makes all of them invalid: half a reply is no reply. */
export function bodiesOf(replies: readonly PlacedReply[], options: Options): Made {
  const bodies: OutgoingBody[] = [];
  const unsaid: string[] = [];
  for (const { reply, path } of replies) {
    if (reply.kind === "unsayable") unsaid.push(`${path}: ${reply.what}`);
    for (const message of messagesOf(reply)) {
      const checked = checkBody(message, { ...options, path });
      if (!checked.ok) return { kind: "invalid", reason: `${checked.issue.path}: ${checked.issue.message}` };
      bodies.push(...checked.bodies);
    }
  }
  return tooMany("messages", bodies.length) ?? { kind: "bodies", bodies, unsaid };
}

function messagesOf(reply: Reply): unknown[] {
  switch (reply.kind) {
    case "text": {
      const { choices, lines } = onTheWeb(reply.choices);
      return textWithChoices([reply.text, ...lines].filter((line) => !isBlank(line)).join("\n"), choices);
    }
    case "cards": {
      const parts = reply.cards.map(cardOnTheWeb);
      const lines = parts.flatMap((part) => part.lines);
      return [
        ...cardMessages(parts.map(({ card }) => card)),
        ...(lines.length === 0 ? [] : [{ text: lines.join("\n") }]),
      ];
    }
    case "file":
      return fileMessages(reply);
    case "location":
      return [{ text: placeText(reply) }];
    case "typing":
      return [{ sender_action: "typing_on" }];
    case "as_is":
      return [reply.body];
    case "unsayable":
      return [];
  }
}

/** Buttons lead to web addresses only: what leads elsewhere (`mailto:`, a path) is written down, a line each. */
function onTheWeb(choices: readonly Choice[]): { choices: Choice[]; lines: string[] } {
  const isElsewhere = (choice: Choice) => choice.kind === "link" && !isWebAddress(choice.url);
  return {
    choices: choices.filter((choice) => !isElsewhere(choice)),
    lines: choices.flatMap((choice) =>
      choice.kind === "link" && isElsewhere(choice) ? [named(choice.title, choice.url)] : [],
    ),
  };
}

function cardOnTheWeb(card: Card): { card: Card; lines: string[] } {
  const { choices, lines } = onTheWeb(card.choices);
  const isElsewhere = (url: string | undefined) => !isBlank(url) && !isWebAddress(url ?? "");
  const { imageUrl, link } = card;
  return {
    card: { ...card, choices, imageUrl: webOnly(imageUrl), link: webOnly(link) },
    lines: [...[imageUrl, link].flatMap((url) => (url && isElsewhere(url) ? [url] : [])), ...lines],
  };
}

const webOnly = (url: string | undefined) => (url !== undefined && isWebAddress(url) ? url : undefined);

/** A file has no caption in Messenger: its title is a message after it. */
function fileMessages({ type, url, title }: Extract<Reply, { kind: "file" }>): Message[] {
  if (!isWebAddress(url)) return [{ text: named(title, url) }];
  const file = { attachment: { type, payload: { url } } };
  return title === undefined || isBlank(title) ? [file] : [file, { text: title }];
}

const named = (title: string | undefined, url: string) => (isBlank(title) ? url : `${title}: ${url}`);

/** @see https://developers.google.com/maps/documentation/urls/get-started#search-action */
function placeText({ latitude, longitude, title, address }: Extract<Reply, { kind: "location" }>): string {
  const link = `https://www.google.com/maps/search/?api=1&query=${latitude}%2C${longitude}`;
  return [title, address, link].filter((line) => !isBlank(line)).join("\n");
}

const BY_ENDING: Readonly<Record<string, FileType>> = {
  ...Object.fromEntries(["png", "jpg", "jpeg", "gif", "webp"].map((ending) => [ending, "image" as const])),
  ...Object.fromEntries(["mp4", "mov", "m4v", "webm"].map((ending) => [ending, "video" as const])),
  ...Object.fromEntries(
    ["mp3", "m4a", "aac", "wav", "ogg", "opus"].map((ending) => [ending, "audio" as const]),
  ),
};

/** What an address seems to lead to, by its ending. */
export function fileTypeOf(url: string): FileType {
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? "";
  return BY_ENDING[ending] ?? "file";
}
