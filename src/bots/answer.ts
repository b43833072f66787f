import * as z from "zod/mini";
import type { BotAnswer } from "../conversation/work.ts";
import type { Delivered } from "./bot.ts";

/** More for one request would be a flood, not a reply. */
export const MAX_MESSAGES = 50;

export const NO_REPLY: BotAnswer = { messages: [], actions: [] };

/** How a delivery ends in which there is nothing for the bot. */
export const NOT_ASKED: Delivered = {
  outcome: { kind: "answered", status: 204, answer: NO_REPLY },
  excerpt: "",
  isAsked: false,
};

export type ReadAnswer = { kind: "answer"; answer: BotAnswer } | Unreadable;

export type Unreadable =
  /** Not an answer at all: a proxy's page, half an answer, or JSON of another shape, then with the place of it. */
  | { kind: "malformed"; reason?: string }
  /** An answer with something in it that can't be sent: `reason` names the path and what is wrong there. */
  | { kind: "invalid"; reason: string };

/** JSON text → what the schema makes of it. */
export function parseAnswer<T extends z.ZodMiniType>(
  text: string,
  schema: T,
): { kind: "parsed"; value: z.infer<T> } | Unreadable {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed" };
  }
  const parsed = z.safeParse(schema, json);
  if (parsed.success) return { kind: "parsed", value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return { kind: "malformed", reason: `${path}: ${issue?.message ?? "?"}` };
}

/** @returns why an answer with so many messages isn't taken, if so */
export function tooMany(path: string, messages: number): Unreadable | undefined {
  if (messages <= MAX_MESSAGES) return undefined;
  return {
    kind: "invalid",
    reason: `${path}: at most ${MAX_MESSAGES}, has ${messages} with long texts cut`,
  };
}
