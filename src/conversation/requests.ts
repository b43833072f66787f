import { commentIn, rule, type Standing } from "../messages/rules.ts";
import { spend, waysPast } from "./about.ts";
import { notOwner } from "./answer.ts";
import type { Facts } from "./facts.ts";
import { MAX_OPEN } from "./limits.ts";
import { foundElsewhere, give } from "./owner.ts";
import type { MessageState, Position } from "./position.ts";
import type { Addition, Refusal } from "./sends.ts";
import { isThreadControl, readThreadControl } from "./thread-control.ts";
import type { OutgoingBody, SendReport, SendRequest } from "./work.ts";

/** Requests to send, as opposed to answers of the bot. Pure. */

/** Why a request isn't accepted; nothing of one is when a part of it may not go out. */
export function refusalOf(
  { writer, bodies, humanAgent }: SendRequest,
  position: Position,
  facts: Facts,
  now: number,
): Refusal | undefined {
  if (position.open.length >= MAX_OPEN) {
    return { code: "outbox_full", reason: `${MAX_OPEN} requests wait to be sent already` };
  }
  const isBots = writer === "bot";
  if (isBots && saysSomething(bodies) && facts.owner !== "bot") return notOwner(facts);
  let standing: Standing = {
    writer: isBots ? "bot" : "human",
    windowAt: position.windowAt,
    humanAgent,
    comment: facts.about.comment ?? null,
    waysPast: waysPast(facts.about, now),
  };
  for (const body of bodies) {
    if (isThreadControl(body)) continue;
    const ruling = rule(body, standing, now);
    if (!ruling.ok) return { code: ruling.code, reason: ruling.reason };
    standing = standingAfter(ruling.body, standing);
  }
  return undefined;
}

/** A comment is good for one message only, also within a request. */
function standingAfter(body: OutgoingBody, standing: Standing): Standing {
  const { comment } = standing;
  return comment && commentIn(body) === comment.id
    ? { ...standing, comment: { ...comment, isAnswered: true } }
    : standing;
}

/** Whether a person writes to the user with it. */
export const isInPerson = ({ writer, bodies }: SendRequest): boolean =>
  writer !== "bot" && saysSomething(bodies);

/** What a request that moves the thread makes of the facts, as soon as it is accepted: as a handover of the bot's does. */
export function factsAfterRequest(facts: Facts, { bodies }: Pick<SendRequest, "bodies">, now: number): Facts {
  return bodies
    .filter(isThreadControl)
    .map(readThreadControl)
    .reduce((known, { call, fields }) => {
      if (call === "take_thread_control") return give(known, "bot", "ours", now);
      const { target_app_id: target } = fields;
      const isPass = call === "pass_thread_control" && target !== undefined;
      return isPass ? give(known, target, "ours", now) : known;
    }, facts);
}

/** Rather than only moving the thread. */
const saysSomething = (bodies: readonly OutgoingBody[]): boolean => !bodies.every(isThreadControl);

export const entryOf = ({
  id,
  writer,
  bodies,
  isAwaited = false,
}: Pick<SendRequest, "id" | "writer" | "bodies" | "isAwaited">): Addition => ({
  origin: { id, first: null, last: null },
  outcome: "sent",
  writer,
  attempts: [],
  actions: [],
  messages: bodies,
  untold: false,
  refusal: null,
  isAwaited,
});

/**
 * What the report of a send makes of the facts; the same object when nothing changes.
 * @param state how the message stands after it: many ways lead to a failure; `undefined` if it had an end already
 */
export function factsAfterSend(
  facts: Facts,
  { outcome, spent, passedTo }: Pick<SendReport, "outcome" | "spent" | "passedTo">,
  state: MessageState | undefined,
  now: number,
): Facts {
  const isPassed = passedTo !== undefined && passedTo === facts.owner;
  if (outcome.kind === "sent") {
    // Also when the echo has told so before the report did.
    const about = spent === undefined ? facts.about : spend(facts.about, spent);
    const next = about === facts.about ? facts : { ...facts, about };
    // It is that app's since it was asked for: what has happened meanwhile happened later.
    return isPassed ? { ...next, ownerBy: "meta" } : next;
  }
  if (state?.status !== "failed") return facts;
  if (state.code === "not_thread_owner" && (isPassed || facts.owner === "bot")) return foundElsewhere(facts);
  // A page without Meta's thread control has our switch alone; anything else means that nobody has taken it.
  if (!isPassed || state.code === "handover_disabled") return facts;
  return give(facts, "bot", "ours", now);
}
