import * as z from "zod/mini";
import type { OutgoingBody } from "./work.ts";

/**
 * A call that moves the thread between apps: it waits its turn among the messages, as one body more. Beside the call's
 * name it has the call's own fields, such as `target_app_id`.
 */
const schema = z.catchall(
  z.object({
    thread_control: z.enum([
      "pass_thread_control",
      "take_thread_control",
      "request_thread_control",
      "release_thread_control",
    ]),
  }),
  z.string(),
);

/** Bodies from outside have a message or a sender action, whatever else they have: none of them is such a call. */
export const isThreadControl = (body: OutgoingBody): boolean =>
  body["message"] === undefined && body["sender_action"] === undefined;

/** @throws if it is none */
export function readThreadControl(body: OutgoingBody) {
  const { thread_control: call, ...fields } = schema.parse(body);
  return { call, fields };
}
