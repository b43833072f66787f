import type * as z from "zod/mini";
import type { OutgoingBody } from "../conversation/work.ts";
import { actionBodyShape, messageBodyShape } from "./body.ts";
import { isObject } from "./inside.ts";
import { type Message, messageShape } from "./message.ts";
import type { Platform } from "./platform.ts";
import { splitText } from "./split.ts";
import { textLimit } from "./text-limit.ts";

interface CheckOptions {
  platform: Platform;
  /** Where the body was found in what the caller wrote, such as `messages[0]`; `""` if it is all of it. */
  path: string;
  /** Whether a text too long for one message becomes several, or is refused. */
  split: boolean;
}

/** What is wrong with a body: where, as a path from `CheckOptions.path` on, and a sentence without any of its content. */
interface BodyIssue {
  path: string;
  message: string;
}

export type CheckedBody = { ok: true; bodies: OutgoingBody[] } | { ok: false; issue: BodyIssue };

/**
 * Checks what a page is to send against what Meta documents, so that a mistake is named before it costs a call.
 *
 * @param input a Send API message object (`{text}`, `{attachment}` …) or a full body (`{message}` or
 *   `{sender_action}`, with what goes along)
 * @returns full bodies in the order in which to send them, more than one if a text was split. Without tokens and
 *   without `recipient.id`: whom it goes to and in whose name is decided elsewhere. Other forms of recipient are kept,
 *   as are fields and template types that aren't known here. A body that passed passes again, unchanged.
 */
export function checkBody(input: unknown, { platform, path, split }: CheckOptions): CheckedBody {
  const refuse = (issue: z.core.$ZodIssue | undefined): CheckedBody => ({
    ok: false,
    issue: { path: pathOf(path, issue?.path ?? []), message: issue?.message ?? "is not valid" },
  });

  if (isObject(input) && "message" in input) {
    const checked = messageBodyShape[platform].safeParse(input);
    if (!checked.success) return refuse(checked.error.issues[0]);
    const { message, ...rest } = checked.data;
    return fitted(envelopeOf(rest), message, { platform, path: pathOf(path, ["message"]), split });
  }
  if (isObject(input) && "sender_action" in input) {
    const checked = actionBodyShape[platform].safeParse(input);
    return checked.success
      ? { ok: true, bodies: [envelopeOf(checked.data)] }
      : refuse(checked.error.issues[0]);
  }
  const checked = messageShape[platform].safeParse(input);
  return checked.success
    ? fitted({}, checked.data, { platform, path, split })
    : refuse(checked.error.issues[0]);
}

function envelopeOf(body: OutgoingBody): OutgoingBody {
  const { access_token: _, appsecret_proof: __, recipient, ...rest } = body;
  if (!isObject(recipient) || "id" in recipient) return rest;
  return { ...rest, recipient };
}

/** The bodies for a message whose text may be too long for one. */
function fitted(envelope: OutgoingBody, message: Message, options: CheckOptions): CheckedBody {
  const { text } = message;
  if (text === undefined) return { ok: true, bodies: [{ ...envelope, message }] };
  const isForOne = takesOneMessage(envelope["recipient"]);
  if (options.split && !isForOne) {
    const pieces = splitText(text, options.platform);
    return {
      ok: true,
      bodies: pieces.map((_, index) => ({ ...envelope, message: part(message, pieces, index) })),
    };
  }
  const { maximum, unit, lengthOf } = textLimit[options.platform];
  const length = lengthOf(text);
  if (length <= maximum) return { ok: true, bodies: [{ ...envelope, message }] };
  const why = options.split ? "; it is not split, since this recipient takes one message only" : "";
  return {
    ok: false,
    issue: {
      path: pathOf(options.path, ["text"]),
      message: `at most ${maximum} ${unit}, has ${length}${why}`,
    },
  };
}

/** A comment, a checkbox and a token are each good for one message; what follows it would fail. */
function takesOneMessage(recipient: unknown): boolean {
  return isObject(recipient) && !("phone_number" in recipient);
}

/** What is answered goes with the first piece; quick replies show under the last message only. */
function part(message: Message, pieces: readonly string[], index: number): OutgoingBody {
  const { reply_to, quick_replies, ...rest } = message;
  return {
    ...rest,
    text: pieces[index],
    ...(reply_to !== undefined && index === 0 ? { reply_to } : {}),
    ...(quick_replies !== undefined && index === pieces.length - 1 ? { quick_replies } : {}),
  };
}

/** `messages[0]` and `["elements", 2, "title"]` → `messages[0].elements[2].title`. */
function pathOf(base: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((before, part) => {
    if (typeof part === "number") return `${before}[${part}]`;
    return before === "" ? String(part) : `${before}.${String(part)}`;
  }, base);
}
