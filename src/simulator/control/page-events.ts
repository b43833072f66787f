import * as z from "zod/mini";
import type { JsonObject } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { queueFor } from "../webhook/queue.ts";

const object = z.record(z.string(), z.json());

/** The body of `POST /_sim/pages/{page_id}/events`: what Meta tells a page about itself. */
export const pageEventSchema = z
  .strictObject({
    policy_enforcement: z.exactOptional(z.strictObject({ action: z.string(), reason: z.string() })),
    app_roles: z.exactOptional(z.record(z.string(), z.array(z.string()))),
    timestamp: z.exactOptional(z.int().check(z.gt(0))),
  })
  .check(
    z.refine((body) => (body.policy_enforcement === undefined) !== (body.app_roles === undefined), {
      error: "Give exactly one of policy_enforcement and app_roles.",
    }),
  );

/** Tells the page something about itself. Such events have no sender. */
export function tellPage(
  rooms: Rooms,
  pageId: string,
  { timestamp = rooms.clock.now(), policy_enforcement, app_roles }: z.infer<typeof pageEventSchema>,
) {
  const about: JsonObject = policy_enforcement ? { policy_enforcement } : { app_roles: app_roles ?? {} };
  const event: JsonObject = { recipient: { id: pageId }, timestamp, ...about };
  queueFor(rooms, { pageId, userId: "" }, event, { channel: "messaging" });
  return { page_id: pageId, timestamp, event };
}

/** The body of `POST /_sim/events`: items to be signed and sent as they are. */
export const rawEventsSchema = z.strictObject({
  object: z.exactOptional(z.enum(["page", "instagram"])),
  page_id: z.exactOptional(z.string().check(z.minLength(1))),
  channel: z._default(z.enum(["messaging", "standby", "changes"]), "messaging"),
  hop_context: z.exactOptional(z.json()),
  items: z.array(object).check(z.minLength(1), z.maxLength(1000)),
});

/** Queues the items as one entry. Nothing else happens: no window opens, no thread changes. */
export function sendRaw(rooms: Rooms, body: z.infer<typeof rawEventsSchema>) {
  const accountId = body.page_id ?? rooms.environment.pages[0].id;
  const usual = rooms.pages.accountOf(accountId)?.platform === "instagram" ? "instagram" : "page";
  const group = crypto.randomUUID();
  for (const item of body.items) {
    rooms.outbox.add({
      accountId,
      object: body.object ?? usual,
      channel: body.channel,
      group,
      mid: null,
      item,
      hopContext: body.hop_context ?? null,
    });
  }
  rooms.sender.wake(accountId);
  return { events: body.items.length };
}
