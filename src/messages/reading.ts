import type { OutgoingBody } from "../conversation/work.ts";
import { objectIn, objectsIn } from "./inside.ts";

/**
 * What a person has to read of a body: its text, or a template's texts and titles, a line each. For typing pauses and
 * logs; `undefined` where there is nothing to read, as with an image or a sender action.
 */
export function textOf(body: OutgoingBody): string | undefined {
  const message = objectIn(body, "message");
  const template = objectIn(objectIn(message, "attachment"), "payload");
  const lines = [
    message["text"],
    objectIn(message, "dynamic_text")["text"],
    ...["coupon_pre_message", "text", "title", "subtitle"].map((name) => template[name]),
    ...objectsIn(template, "elements").flatMap(({ title, subtitle }) => [title, subtitle]),
  ].filter((line) => typeof line === "string" && line !== "");
  return lines.length > 0 ? lines.join("\n") : undefined;
}
