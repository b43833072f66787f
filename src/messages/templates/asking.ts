import * as z from "zod/mini";
import { payload } from "../buttons.ts";
import {
  list,
  object,
  oneOf,
  shapeBy,
  someText,
  someTextUpTo,
  textLike,
  textUpTo,
  webAddress,
  wholeNumber,
} from "../fields.ts";

/** Templates that ask the person for something: an opinion, or leave to write later. */

const noAddress = z.refine<string>((text) => !/https?:\/\//i.test(text), { error: "must not hold a URL" });
const plainUpTo = (maximum: number) => someTextUpTo(maximum).check(noAddress);

const LABELS = ["neg_pos", "hard_easy", "dis_sat", "unlike_like", "poor_great"] as const;

const questionFields = {
  id: textLike(/^\w{1,80}$/, "must be 1 to 80 letters, digits or underscores"),
  title: z.optional(
    plainUpTo(85).check(
      z.refine((text) => text.length >= 5, {
        error: ({ input }) => `at least 5 characters, has ${String(input).length}`,
      }),
    ),
  ),
  follow_up: z.optional(
    object({ type: oneOf(["free_form"]), placeholder: z.optional(textUpTo(65).check(noAddress)) }),
  ),
};
const scored = (...options: string[]) =>
  object({
    ...questionFields,
    score_label: z.optional(oneOf([...LABELS, "none"])),
    score_option: z.optional(oneOf(options)),
  });

const question = shapeBy("type", {
  // Meta's own pages name the first of these in two ways.
  csat: scored("one_to_five", "1_to_5", "five_stars", "five_emojis"),
  nps: scored("zero_to_ten"),
  ces: scored("one_to_seven"),
  free_form: object(questionFields),
});

/**
 * One screen with one question: more is refused by Meta so far.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/templates/customer-feedback-template
 */
export const feedbackTemplate = object({
  title: plainUpTo(65),
  subtitle: plainUpTo(80),
  button_title: plainUpTo(20),
  feedback_screens: list(object({ questions: list(question, 1, 1) }), 1, 1),
  business_privacy: object({ url: webAddress }),
  expires_in_days: z.optional(wholeNumber(1, 7)),
});

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/one-time-notification */
export const oneTimeTemplate = object({ title: someTextUpTo(65), payload });

const optIn = {
  title: z.optional(textUpTo(65)),
  image_url: z.optional(webAddress),
  notification_messages_frequency: z.optional(oneOf(["DAILY", "WEEKLY", "MONTHLY"])),
  notification_messages_cta_text: z.optional(
    oneOf(["ALLOW", "FREQUENCY", "GET", "GET_UPDATES", "OPT_IN", "SIGN_UP"]),
  ),
};

/**
 * Asks for leave to send marketing messages: one request, or up to five side by side in `elements`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/recurring-notifications
 */
export const optInTemplate = object({
  ...optIn,
  payload: z.optional(someText),
  elements: z.optional(list(object({ ...optIn, payload: someText }), 1, 5)),
}).check(
  z.refine((request) => request.payload !== undefined || request.elements !== undefined, {
    error: "must have a payload, or elements that have one each",
  }),
);
