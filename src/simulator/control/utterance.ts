import * as z from "zod/mini";

const someText = z.string().check(z.minLength(1));
const object = z.record(z.string(), z.json());
const titleAndPayload = z.strictObject({ title: someText, payload: z.string() });
const aboutMessage = z.strictObject({ mid: someText });
const milliseconds = z.int().check(z.gt(0));

const attachment = z.looseObject({
  type: someText,
  url: z.exactOptional(z.string()),
  payload: z.exactOptional(z.nullable(object)),
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

/** A request of one notification, or of many, or a plugin's opt-in, which has no type. */
const optin = z.strictObject({
  type: z.exactOptional(z.enum(["one_time_notif_req", "notification_messages"])),
  ref: z.exactOptional(z.string()),
  user_ref: z.exactOptional(someText),
  payload: z.exactOptional(z.string()),
  title: z.exactOptional(z.string()),
  one_time_notif_token: z.exactOptional(someText),
  notification_messages_token: z.exactOptional(someText),
  notification_messages_frequency: z.exactOptional(z.enum(["DAILY", "WEEKLY", "MONTHLY"])),
  notification_messages_timezone: z.exactOptional(z.string()),
  notification_messages_status: z.exactOptional(z.enum(["STOP_NOTIFICATIONS", "RESUME_NOTIFICATIONS"])),
  token_expiry_timestamp: z.exactOptional(milliseconds),
  user_token_status: z.exactOptional(z.enum(["REFRESHED", "NOT_REFRESHED"])),
});

export type OptIn = z.infer<typeof optin>;

const feedItem = {
  message: z._default(z.string(), ""),
  post_id: z.exactOptional(someText),
  verb: z._default(z.enum(["add", "edited", "remove"]), "add"),
};

/** What a person can do, each under the name by which a body asks for it. */
const ACTS = {
  text: someText,
  quick_reply: titleAndPayload,
  attachment,
  attachments: z.array(attachment).check(z.minLength(1)),
  sticker: z.string().check(z.regex(/^\d+$/)),
  postback: titleAndPayload,
  get_started: z.literal(true),
  reaction,
  edit: z.strictObject({ mid: someText, text: someText }),
  unsend: aboutMessage,
  read: z.strictObject({ watermark: z.exactOptional(milliseconds), mid: z.exactOptional(someText) }),
  delivery: z.strictObject({
    mids: z.exactOptional(z.array(someText)),
    watermark: z.exactOptional(milliseconds),
  }),
  optin,
  account_linking: z.strictObject({
    status: z.enum(["linked", "unlinked"]),
    authorization_code: z.exactOptional(z.string()),
  }),
  customer_information: z.looseObject({ screens: z.array(object) }),
  response_feedback: z.looseObject({ feedback: z.string(), mid: someText }),
  messaging_feedback: z.looseObject({ feedback_screens: z.array(object) }),
  comment: z.strictObject({
    ...feedItem,
    comment_id: z.exactOptional(someText),
    parent_id: z.exactOptional(someText),
  }),
  post: z.strictObject(feedItem),
} as const;

type Act = keyof typeof ACTS;

const isAct = (name: string): name is Act => Object.hasOwn(ACTS, name);

/** Beside these a referral stands inside the message or the postback; alone it is an event of its own. */
const CARRIES_REFERRAL: readonly string[] = [
  "text",
  "quick_reply",
  "attachment",
  "attachments",
  "sticker",
  "postback",
  "get_started",
];

/** The body of `POST /_sim/users/{psid}/messages`: what a person does, where and when. */
export const utteranceSchema = z
  .strictObject({
    ...z.partial(z.object(ACTS)).shape,
    referral: z.exactOptional(referral),
    raw: z.exactOptional(object),
    page_id: z.exactOptional(z.string()),
    timestamp: z.exactOptional(milliseconds),
    channel: z.exactOptional(z.enum(["messaging", "standby"])),
    hop_context: z.exactOptional(z.json()),
    reply_to: z.exactOptional(
      z.union([aboutMessage, z.strictObject({ story: z.looseObject({ id: someText, url: z.string() }) })]),
    ),
    commands: z.exactOptional(z.array(z.strictObject({ name: someText })).check(z.minLength(1))),
    nlp: z.exactOptional(object),
    is_unsupported: z.exactOptional(z.literal(true)),
  })
  .check(
    z.refine(
      (body) => {
        const given = Object.keys(body).filter(isAct);
        if (given.length === 1)
          return body.referral === undefined || CARRIES_REFERRAL.includes(given[0] ?? "");
        return given.length === 0 && (body.referral !== undefined || body.raw !== undefined);
      },
      {
        error: `Give exactly one of ${Object.keys(ACTS).join(", ")} and referral; or raw, alone or beside one of them.`,
      },
    ),
    z.refine(
      ({ reply_to, commands, nlp, is_unsupported, ...body }) => {
        const isMessage = ["text", "quick_reply", "attachment", "attachments", "sticker"].some(
          (name) => name in body,
        );
        return isMessage || [reply_to, commands, nlp, is_unsupported].every((part) => part === undefined);
      },
      { error: "reply_to, commands, nlp and is_unsupported go with a message only." },
    ),
  );

export type Utterance = z.infer<typeof utteranceSchema>;
