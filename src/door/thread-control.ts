import { userId } from "../ids.ts";
import { isObject } from "../messages/inside.ts";
import type { Handle } from "./call.ts";
import { asText, structured } from "./incoming.ts";
import { failedAnswer } from "./messages.ts";
import { errorAnswer, invalid, JSON_HEADERS } from "./meta-error.ts";
import { refusedAs } from "./refusals.ts";
import { lineOf, sendAndWait } from "./waiting.ts";

type Control =
  | "pass_thread_control"
  | "take_thread_control"
  | "request_thread_control"
  | "release_thread_control";

const METADATA_MAX = 1000;

/**
 * `POST /{page}/pass_thread_control` and its sisters: after what is being sent, so that a goodbye isn't refused since the
 * thread is another's already.
 */
export const controlThread =
  (control: Control): Handle =>
  async (call) => {
    if (call.file) return errorAnswer(invalid("This call takes no file"));
    const { recipient, target_app_id: target, metadata } = { ...call.query, ...call.body };
    const whom = structured(recipient);
    const id = isObject(whom) ? textOf(whom["id"]) : undefined;
    if (id === undefined || !/^[\w.-]{1,128}$/.test(id)) {
      return errorAnswer(invalid("The parameter recipient is required: {id}"));
    }
    const app = textOf(target);
    if (control === "pass_thread_control" && !/^\d{1,32}$/.test(app ?? "")) {
      return errorAnswer(invalid("The parameter target_app_id is required: an app's id"));
    }
    // What another app is told may have been written as an object.
    const note = metadata === undefined || metadata === null ? undefined : asText(metadata);
    if (note !== undefined && note.length > METADATA_MAX) {
      return errorAnswer(invalid(`metadata: at most ${METADATA_MAX} characters, has ${note.length}`));
    }
    const sent = await sendAndWait(call, lineOf(call, userId(id)), {
      thread_control: control,
      ...(control === "pass_thread_control" ? { target_app_id: app } : {}),
      ...(note === undefined ? {} : { metadata: note }),
    });
    if (!sent.ok) return errorAnswer(refusedAs(sent.refusal));
    const { ending } = sent;
    if (ending.state !== "sent") return failedAnswer(ending);
    return new Response(ending.meta?.body ?? '{"success":true}', { headers: JSON_HEADERS });
  };

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || Number.isSafeInteger(value) ? String(value) : undefined;
