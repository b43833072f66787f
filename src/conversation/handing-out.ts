import type { partsOf } from "../ids.ts";
import { WINDOW_MS } from "../messages/rules.ts";
import { waysPast } from "./about.ts";
import type { StoredEvent } from "./event-log.ts";
import type { Facts } from "./facts.ts";
import { isStandby } from "./incoming.ts";
import { writeMark } from "./mark.ts";
import { type Delivery, firstUnsettled, type NewEntry, type OpenEntry, type Position } from "./position.ts";
import { withoutStale } from "./state.ts";
import { isThreadControl } from "./thread-control.ts";
import type { DeliverWork, OutgoingBody, SendWork } from "./work.ts";

/** What goes out with a piece of work: all that is needed to do it without asking again. Pure. */

type Parts = ReturnType<typeof partsOf>;

export function deliverWork(
  delivery: Delivery,
  events: readonly StoredEvent[],
  { windowAt, platform }: Position,
  facts: Facts,
  { id, page, user }: Parts,
  now: number,
): DeliverWork {
  const { state, stateVersion, stateRefused, owner, profile, profileDue } = withoutStale(facts, now);
  return {
    kind: "deliver",
    delivery: delivery.id,
    attempt: delivery.attempt,
    first: delivery.first,
    conversation: {
      id,
      page,
      user,
      platform: events[0]?.platform ?? platform,
      windowClosesAt: windowAt === null ? null : windowAt + WINDOW_MS,
      owner,
      state,
      stateVersion,
      stateRefused,
      profile,
      isProfileDue: profileDue <= now,
    },
    events: events.map(({ key, id, type, at, raw }) => ({
      id,
      type,
      at,
      raw,
      isStandby: isStandby(key),
    })),
  };
}

export function sendWork(
  entry: OpenEntry,
  contents: Pick<NewEntry, "messages" | "actions" | "writer">,
  { windowAt, platform }: Position,
  { about }: Facts,
  { page, user }: Parts,
  now: number,
): SendWork {
  const index = firstUnsettled(entry);
  const body = contents.messages[index] ?? {};
  return {
    kind: "send",
    entry: entry.seq,
    index,
    attempt: entry.attempt,
    nonce: entry.nonce,
    page,
    user,
    platform,
    body: JSON.stringify(marked(body, entry, index)),
    form: formOf(body),
    // Typing dots that come back on a retry would only puzzle the user.
    actions: index === 0 && entry.attempt === 1 ? contents.actions : [],
    isAwaited: entry.isAwaited,
    writer: contents.writer === "bot" ? "bot" : "human",
    windowAt,
    comment: about.comment ?? null,
    waysPast: waysPast(about, now),
  };
}

function formOf(body: OutgoingBody): SendWork["form"] {
  if (isThreadControl(body)) return "thread_control";
  return body["message"] === undefined ? "action" : "message";
}

/** With our mark in the message's metadata. */
function marked(body: OutgoingBody, entry: OpenEntry, index: number): OutgoingBody {
  const { message } = body;
  if (message === null || typeof message !== "object") return body;
  const own = "metadata" in message ? message.metadata : undefined;
  const metadata = writeMark({ entry: entry.seq, index, nonce: entry.nonce }, own);
  return { ...body, message: { ...message, metadata } };
}
