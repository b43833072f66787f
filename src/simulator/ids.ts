import * as z from "zod/mini";

/** A page-scoped user id, as people type it in tests: 1 to 32 digits, always a string (real ones have 17). */
export const userIdSchema = z.string().check(z.regex(/^\d{1,32}$/));

/** The two ends of a conversation. Passed as one value, so that the ids cannot be swapped. */
export interface Conversation {
  readonly pageId: string;
  readonly userId: string;
}

/** @returns A new message id in Meta's shape: `m_` and an opaque, URL-safe rest. */
export function newMessageId(): string {
  return `m_${randomBase64Url(33)}`;
}

/** @returns A new id of digits, as attachments, personas, comments and posts have. */
export function newNumericId(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `1${Array.from(random, (part) => String(part % 100_000_000).padStart(8, "0")).join("")}`;
}

/** @returns A new opaque token, as opt-ins give. */
export function newToken(): string {
  return randomBase64Url(24);
}

/** @returns A new `fbtrace_id`, the id Meta gives every answer of the Graph API. */
export function newTraceId(): string {
  return `A${randomBase64Url(16)}`;
}

function randomBase64Url(bytes: number): string {
  const random = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)));
  return btoa(random).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
