import * as z from "zod/mini";
import type { ExportedRow, ExportPage } from "../conversation/export.ts";
import type { Attempt } from "../conversation/position.ts";
import { ConversationLine } from "../conversation/stub.ts";
import { messageView } from "../conversation/views.ts";
import type { Config } from "../env.ts";
import { type ConversationId, partsOf } from "../ids.ts";
import { copiesOf } from "../media/copies.ts";
import { signedLink } from "../media/link.ts";
import { eraseConversation } from "../privacy/erasing.ts";
import { asShown, masked, maskedText } from "../privacy/showing.ts";
import { problem } from "../problem.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { notAllowed } from "./channels.ts";
import { cursorSchema } from "./paging.ts";
import { conversationSchema } from "./target.ts";
import { isoTime } from "./time.ts";

/** What is stored of a person: deleted, or shown to them. Also of pages that are no longer served. */

const deleteBody = z.object({ conversation_id: conversationSchema });

/** `POST /conversations.delete`: everything that is known of a user on a page. Deleting what isn't there is done, too. */
export async function deleteConversation(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, deleteBody);
  if (!body.ok) return body.response;
  const { id, page } = partsOf(body.value.conversation_id);
  const refusal = notAllowed(caller, page);
  if (refusal) return refusal;
  const wasThere = await eraseConversation(id, config, env);
  console.log({ event: "conversation_deleted", page, by: caller.name, was_there: wasThere });
  return new Response(null, { status: 204 });
}

/** Events and outbox entries in one answer. */
const PAGE_SIZE = 100;

const exportBody = z.object({
  conversation_id: conversationSchema,
  cursor: cursorSchema,
});

/** `POST /conversations.export`: everything that is stored of a user on a page, oldest first. */
export async function exportConversation(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, exportBody);
  if (!body.ok) return body.response;
  const { conversation_id, cursor } = body.value;
  const { id, page } = partsOf(conversation_id);
  const refusal = notAllowed(caller, page);
  if (refusal) return refusal;
  const after = cursor ? Number(cursor) : 0;
  const line = new ConversationLine(env.CONVERSATION, id);
  const exported = await line.call((stub) => stub.export(after, PAGE_SIZE));
  if (!exported.exists) {
    const detail = "Nothing is stored of this conversation.";
    return problem({ status: 404, code: "no_such_conversation", detail });
  }
  return Response.json(
    {
      ...(after === 0 ? await headOf(id, exported, config, env) : {}),
      data: exported.rows.map((row) => rowOf(row, exported)),
      pagination_data: {
        previous_cursor: cursor ?? null,
        next_cursor: exported.next === null ? null : String(exported.next),
        total: null,
      },
    },
    { headers: { "cache-control": "no-store" } },
  );
}

/** What there is one of, and what is kept elsewhere. */
async function headOf(
  id: ConversationId,
  { platform, windowAt, facts }: ExportPage,
  config: Config,
  env: Cloudflare.Env,
) {
  const { page, user } = partsOf(id);
  const { deadLetters, comparisons } = await env.PAGE.getByName(page).traceOf(id);
  const copies = config.media ? await copiesIn(config.media, id, config) : [];
  return {
    conversation: {
      id,
      page_id: page,
      user_id: user,
      platform,
      owner: facts.owner,
      owner_since: isoTime(facts.ownerSince),
      person_wrote_at: isoTime(facts.humanAt),
      window_opened_at: isoTime(windowAt),
      delivered_at: isoTime(facts.deliveredAt),
      read_at: isoTime(facts.readAt),
      profile: masked(parsed(facts.profile)),
      about: asShown(facts.about),
      state: masked(parsed(facts.state)),
      state_version: facts.stateVersion,
      state_expires_at: isoTime(facts.stateUntil),
    },
    dead_letters: deadLetters.map(({ delivery, at, status, reason }) => ({
      delivery_id: delivery,
      at: isoTime(at),
      status,
      reason,
    })),
    comparisons: comparisons.map(({ delivery, at, verdict, primary, shadow }) => ({
      delivery_id: delivery,
      at: isoTime(at),
      verdict,
      primary: masked(parsed(primary.answer)),
      shadow: masked(parsed(shadow.answer)),
    })),
    copies,
  };
}

/** With links that are good for a week. */
async function copiesIn(
  { bucket, origin }: NonNullable<Config["media"]>,
  conversation: ConversationId,
  config: Config,
) {
  const copies = await copiesOf(bucket, conversation);
  return Promise.all(
    copies.map(async ({ event, index, contentType, size, at }) => ({
      event_id: event,
      index,
      content_type: contentType,
      size,
      at: isoTime(at),
      url: await signedLink({ conversation, event, index }, origin, config, Date.now()),
    })),
  );
}

function rowOf(row: ExportedRow, { facts }: ExportPage) {
  const { seq: number, at } = row;
  if (row.kind === "event") {
    return {
      number,
      kind: "event",
      id: row.id,
      type: row.type,
      at: isoTime(at),
      received_at: isoTime(row.received),
      platform: row.platform,
      is_for_bot: row.forward,
      attempts: row.failures.map(attemptOf),
      event: masked(parsed(row.raw)),
      notes: asShown(parsed(row.notes)),
    };
  }
  const bodies: Record<string, unknown>[] = JSON.parse(row.messages);
  const notes: Record<string, unknown> = JSON.parse(row.notes ?? "{}");
  return {
    number,
    kind: row.outcome === "sent" ? "request" : "delivery",
    id: row.delivery,
    outcome: row.outcome,
    at: isoTime(at),
    writer: row.writer,
    attempts: row.attempts.map(attemptOf),
    actions: row.actions,
    messages: row.progress.map((state, index) => {
      const view = messageView(bodies[index] ?? {}, state, facts);
      return {
        body: masked(parsed(view.body)),
        status: view.status,
        mid: view.mid,
        at: isoTime(view.at),
        code: view.code,
        reason: view.reason,
        notes: asShown(notes[index] ?? null),
      };
    }),
  };
}

const attemptOf = ({ at, status, tookMs, reason, answer }: Attempt) => ({
  at: isoTime(at),
  status,
  took_ms: tookMs,
  reason,
  answer: maskedText(answer),
});

const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
