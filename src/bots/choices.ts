import { chunks, cut, isBlank } from "./cutting.ts";

/** Something the user can tap. */
export type Choice =
  /** Comes back with its payload. `isQuick`: the bot means a quick reply, not a button. */
  | { kind: "answer"; title: string; payload: string; imageUrl?: string; isQuick: boolean }
  | { kind: "link"; title: string; url: string }
  /** A button, or a quick reply, in the Send API's own form. */
  | { kind: "button"; button: Record<string, unknown> }
  | { kind: "quick_reply"; quickReply: Record<string, unknown> };

type Answer = Extract<Choice, { kind: "answer" }>;
type Quick = Answer | Extract<Choice, { kind: "quick_reply" }>;
/** A Send API message object. */
export type Message = Record<string, unknown>;

/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/button */
const MAX_BUTTONS = 3;
const BUTTON_TEXT_MAX = 640;
/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies */
const MAX_QUICK_REPLIES = 13;
const CHOICE_TITLE_MAX = 20;
/** @see https://developers.facebook.com/docs/messenger-platform/reference/templates/generic */
const MAX_CARDS = 10;

/** Stands where Meta demands a text and the bot gave none. */
export const NO_WORDS = "…";

const canBeQuick = (choice: Choice): choice is Quick =>
  choice.kind === "answer" || choice.kind === "quick_reply";
const isMeantQuick = (choice: Choice): choice is Quick =>
  choice.kind === "quick_reply" || (choice.kind === "answer" && choice.isQuick);

/**
 * A text with something to tap, in the simplest form of Messenger's that has room for all of it: quick replies, a button
 * template, both, or else cards with three buttons each.
 */
export function textWithChoices(text: string, choices: readonly Choice[]): Message[] {
  if (choices.length === 0) return isBlank(text) ? [] : [{ text }];
  const words = isBlank(text) ? NO_WORDS : text;
  const quick = choices.filter(isMeantQuick);
  const others = choices.filter((choice) => !isMeantQuick(choice));
  const hasRoom = quick.length <= MAX_QUICK_REPLIES;

  if (hasRoom && others.length === 0) return [{ text: words, ...quickReplies(quick) }];
  if (hasRoom && others.length <= MAX_BUTTONS && words.length <= BUTTON_TEXT_MAX) {
    return [{ ...buttonTemplate(words, others), ...quickReplies(quick) }];
  }
  if (choices.every(canBeQuick) && choices.length <= MAX_QUICK_REPLIES) {
    return [{ text: words, ...quickReplies(choices) }];
  }
  if (hasRoom && others.length <= MAX_BUTTONS) {
    return [{ text }, { ...buttonTemplate(NO_WORDS, others), ...quickReplies(quick) }];
  }
  // A quick reply in Meta's own form, which asks for an address or number, can't be a button.
  const left = hasRoom ? quick : quick.filter(({ kind }) => kind === "quick_reply");
  const aside: ReadonlySet<Choice> = new Set(left);
  const onCards = choices.filter((choice) => !aside.has(choice));
  const messages = [...(isBlank(text) ? [] : [{ text }]), ...buttonCards(onCards)];
  const [last = {}] = messages.slice(-1);
  return [...messages.slice(0, -1), { ...last, ...quickReplies(left) }];
}

function quickReplies(choices: readonly Quick[]): Message {
  if (choices.length === 0) return {};
  return { quick_replies: choices.map(quickReplyOf) };
}

function quickReplyOf(choice: Quick): Record<string, unknown> {
  if (choice.kind === "quick_reply") return choice.quickReply;
  const { payload, imageUrl } = choice;
  const image = imageUrl === undefined ? {} : { image_url: imageUrl };
  return { content_type: "text", title: titleOf(choice), payload, ...image };
}

/** A choice as a template's button. */
export function buttonOf(choice: Choice): Record<string, unknown> {
  if (choice.kind === "button") return choice.button;
  if (choice.kind === "quick_reply") return choice.quickReply;
  if (choice.kind === "link") return { type: "web_url", title: titleOf(choice), url: choice.url };
  return { type: "postback", title: titleOf(choice), payload: choice.payload };
}

/** The choices three by three, as many as a card has. */
export const onButtons = (choices: readonly Choice[]): Choice[][] => chunks(choices, MAX_BUTTONS);

function titleOf(choice: Answer | Extract<Choice, { kind: "link" }>): string {
  const stead = choice.kind === "link" ? choice.url : choice.payload;
  return cut(isBlank(choice.title) ? stead : choice.title, CHOICE_TITLE_MAX);
}

const buttonTemplate = (text: string, choices: readonly Choice[]): Message =>
  template({ template_type: "button", text, buttons: choices.map(buttonOf) });

/** Cards that hold nothing but buttons, named by their numbers: in no language. */
function buttonCards(choices: readonly Choice[]): Message[] {
  let number = 0;
  return genericTemplates(
    onButtons(choices).map((three) => {
      const first = number + 1;
      number += three.length;
      return {
        title: first === number ? `${number}` : `${first}–${number}`,
        buttons: three.map(buttonOf),
      };
    }),
  );
}

/** Cards side by side, ten in a message. */
export const genericTemplates = (elements: readonly Record<string, unknown>[]): Message[] =>
  chunks(elements, MAX_CARDS).map((ten) => template({ template_type: "generic", elements: ten }));

const template = (payload: Record<string, unknown>): Message => ({
  attachment: { type: "template", payload },
});
