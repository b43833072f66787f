import * as z from "zod/mini";
import { PAGE_ITSELF, recipientOf, type UserId } from "../ids.ts";
import type { GraphClient } from "./client.ts";

/** What Meta tells about a person. */
export type UserProfile =
  | { kind: "known"; fields: Record<string, string | number> }
  /** Meta won't tell, for want of consent or of a permission: asking again soon is in vain. */
  | { kind: "refused" }
  | { kind: "failed"; reason: string };

/** A profile is an extra: what waits for it must not wait long. */
const TIMEOUT_MS = 2_000;

/** Instagram says it in words, under a code that means many things. */
const CONSENT = /consent/i;
const REFUSALS = new Set(["no_profile", "no_such_user", "permission", "app_in_development"]);

const answerSchema = z.record(z.string(), z.unknown());

/**
 * Asks for fields of a person's profile; those that Meta leaves out are missing. At most 2 s.
 * @see https://developers.facebook.com/docs/messenger-platform/identity/user-profile
 */
export async function userProfile(
  graph: GraphClient,
  user: UserId,
  fields: readonly string[],
): Promise<UserProfile> {
  const recipient = recipientOf(user);
  if (!("id" in recipient) || user === PAGE_ITSELF) return { kind: "failed", reason: "nobody with an id" };
  const result = await graph.call("GET", encodeURIComponent(recipient.id), {
    query: { fields: fields.join(",") },
    timeoutMs: TIMEOUT_MS,
  });
  if (!result.ok) {
    const isRefused = result.isFinal && (REFUSALS.has(result.code) || CONSENT.test(result.reason));
    return isRefused ? { kind: "refused" } : { kind: "failed", reason: result.reason };
  }
  const answer = answerSchema.parse(result.value);
  const known: Record<string, string | number> = {};
  for (const field of fields) {
    const value = answer[field];
    if (typeof value === "string" || typeof value === "number") known[field] = value;
  }
  return { kind: "known", fields: known };
}
