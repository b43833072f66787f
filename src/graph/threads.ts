import * as z from "zod/mini";
import { PAGE_ITSELF, recipientOf, type UserId } from "../ids.ts";
import { idSchema } from "./answer.ts";
import type { CallFailure, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * Whose a thread is. To move it: {@link GraphClient.control}.
 * @see https://developers.facebook.com/docs/messenger-platform/handover-protocol
 */
export interface ThreadOwner {
  /** `null`: the thread is idle, and whoever answers first gets it. */
  app: string | null;
  /** ms; when it goes back to the page's default app. */
  expiresAt: number | null;
}

const ownerSchema = z.object({
  data: z.array(
    z.looseObject({
      thread_owner: z.nullish(
        z.looseObject({
          app_id: z.nullish(idSchema),
          expiration: z.catch(z.nullish(z.coerce.number().check(z.maximum(8.64e15))), null),
        }),
      ),
    }),
  ),
});

/** Meta writes seconds; a number this large is milliseconds already. */
const MOST_SECONDS = 1e11;

export async function threadOwner(
  graph: GraphClient,
  user: UserId,
): Promise<{ ok: true; value: ThreadOwner } | CallFailure> {
  const recipient = recipientOf(user);
  if (!("id" in recipient) || user === PAGE_ITSELF)
    return { ok: true, value: { app: null, expiresAt: null } };
  const result = await graph.call("GET", `${graph.page}/thread_owner`, {
    query: { recipient: recipient.id },
  });
  const answer = reading(result, ownerSchema);
  if (!answer.ok) return answer;
  const { app_id, expiration } = answer.value.data[0]?.thread_owner ?? {};
  const expiresAt = expiration ? (expiration > MOST_SECONDS ? expiration : expiration * 1000) : null;
  return { ok: true, value: { app: app_id ?? null, expiresAt } };
}

const receiversSchema = z.object({
  data: z.array(z.object({ id: idSchema, name: z.catch(z.string(), "") })),
});

/** The other apps of the page that a thread can be passed to. */
export async function secondaryReceivers(
  graph: GraphClient,
): Promise<{ ok: true; value: { id: string; name: string }[] } | CallFailure> {
  const result = await graph.call("GET", `${graph.page}/secondary_receivers`, {
    query: { fields: "id,name" },
  });
  const answer = reading(result, receiversSchema);
  return answer.ok ? { ok: true, value: answer.value.data } : answer;
}
