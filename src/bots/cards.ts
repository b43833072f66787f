import { buttonOf, type Choice, genericTemplates, type Message, NO_WORDS, onButtons } from "./choices.ts";
import { cut, isBlank } from "./cutting.ts";

export interface Card {
  title?: string | undefined;
  subtitle?: string | undefined;
  imageUrl?: string | undefined;
  /** What a tap on the card opens. */
  link?: string | undefined;
  choices: Choice[];
}

type Element = Record<string, unknown>;

/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/generic */
const TITLE_MAX = 80;

/**
 * Cards side by side, ten in a message. One with more than three buttons becomes several of the same title; one that
 * Meta would refuse, since it holds words or a picture alone, a message of its own.
 */
export function cardMessages(cards: readonly Card[]): Message[] {
  const messages: Message[] = [];
  let row: Element[] = [];
  for (const card of cards) {
    const lone = loneMessage(card);
    if (!lone) {
      row.push(...elementsOf(card));
      continue;
    }
    messages.push(...genericTemplates(row), ...lone);
    row = [];
  }
  return [...messages, ...genericTemplates(row)];
}

/** The messages in place of a card that can't be one; `undefined` if it can. */
function loneMessage({ title, subtitle, imageUrl, link, choices }: Card): Message[] | undefined {
  if (choices.length > 0 || link !== undefined) return undefined;
  const words = [title, subtitle].filter((line) => !isBlank(line));
  if (words.length === 2) return undefined;
  if (imageUrl === undefined) return words.map((text) => ({ text }));
  return words.length > 0 ? undefined : [{ attachment: { type: "image", payload: { url: imageUrl } } }];
}

function elementsOf({ title, subtitle, imageUrl, link, choices }: Card): Element[] {
  const [name = NO_WORDS, below] = [title, subtitle].flatMap((line) =>
    line === undefined || isBlank(line) ? [] : [cut(line, TITLE_MAX)],
  );
  const face = {
    title: name,
    ...(below === undefined ? {} : { subtitle: below }),
    ...(imageUrl === undefined ? {} : { image_url: imageUrl }),
    ...(link === undefined ? {} : { default_action: { type: "web_url", url: link } }),
  };
  if (choices.length === 0) return [face];
  return onButtons(choices).map((three) => ({ ...face, buttons: three.map(buttonOf) }));
}
