import * as z from "zod/mini";

const titleAndPayload = z.strictObject({
  title: z.string().check(z.minLength(1)),
  payload: z.string(),
});

const attachment = z.looseObject({
  type: z.string().check(z.minLength(1)),
  url: z.exactOptional(z.string()),
  payload: z.exactOptional(z.record(z.string(), z.json())),
});

const referral = z.looseObject({
  ref: z._default(z.string(), ""),
  source: z._default(z.string(), "SHORTLINK"),
  type: z._default(z.string(), "OPEN_THREAD"),
});

const reaction = z.strictObject({
  mid: z.string(),
  action: z._default(z.enum(["react", "unreact"]), "react"),
  reaction: z._default(z.string(), "love"),
  emoji: z._default(z.string(), "\u2764"),
});

const KINDS = [
  "text",
  "quick_reply",
  "postback",
  "attachment",
  "referral",
  "reaction",
  "get_started",
] as const;

/** The body of `POST /_sim/users/{psid}/messages`: what a person does, and where. */
export const utteranceSchema = z
  .strictObject({
    page_id: z.exactOptional(z.string()),
    text: z.exactOptional(z.string().check(z.minLength(1))),
    quick_reply: z.exactOptional(titleAndPayload),
    postback: z.exactOptional(titleAndPayload),
    attachment: z.exactOptional(attachment),
    referral: z.exactOptional(referral),
    reaction: z.exactOptional(reaction),
    get_started: z.exactOptional(z.literal(true)),
    raw: z.exactOptional(z.record(z.string(), z.json())),
  })
  .check(
    z.refine(
      (body) => {
        const given = KINDS.filter((kind) => body[kind] !== undefined).length;
        return given === 1 || (given === 0 && body.raw !== undefined);
      },
      { error: `Give exactly one of ${KINDS.join(", ")}; or raw, alone or beside one of them.` },
    ),
  );

export type Utterance = z.infer<typeof utteranceSchema>;
