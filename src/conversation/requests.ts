import { rule, type Standing } from "../messages/rules.ts";
import { spend, waysPast } from "./about.ts";
import { notOwner } from "./answer.ts";
import type { Facts } from "./facts.ts";
import { MAX_OPEN } from "./limits.ts";
import { give } from "./owner.ts";
import type { Position } from "./position.ts";
import type { Addition, Refusal } from "./sends.ts";
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
  const standing: Standing = {
    writer: isBots ? "bot" : "human",
    windowAt: position.windowAt,
    humanAgent,
    comment: facts.about.comment ?? null,
    waysPast: waysPast(facts.about, now),
  };
  for (const body of bodies) {
    if (body["thread_control"] !== undefined) continue;
    const ruling = rule(body, standing, now);
    if (!ruling.ok) return { code: ruling.code, reason: ruling.reason };
  }
  return undefined;
}

/** Whether a person writes to the user with it. */
export const isInPerson = ({ writer, bodies }: SendRequest): boolean =>
  writer !== "bot" && saysSomething(bodies);

/** Rather than only moving the thread. */
const saysSomething = (bodies: readonly OutgoingBody[]): boolean =>
  bodies.some((body) => body["thread_control"] === undefined);

export const entryOf = ({ id, writer, bodies }: Pick<SendRequest, "id" | "writer" | "bodies">): Addition => ({
  origin: { id, first: null, last: null },
  outcome: "sent",
  writer,
  attempts: [],
  actions: [],
  messages: bodies,
  untold: false,
  refusal: null,
});

/** What the end of a send makes of the facts; the same object when nothing changes. */
export function factsAfterSend(facts: Facts, { outcome, spent, passedTo }: SendReport, now: number): Facts {
  if (outcome.kind === "sent" && spent !== undefined) {
    const about = spend(facts.about, spent);
    return about === facts.about ? facts : { ...facts, about };
  }
  if (passedTo === undefined || passedTo !== facts.owner) return facts;
  if (outcome.kind === "sent") return give(facts, passedTo, "meta", now);
  // A page without Meta's thread control has our switch alone; anything else means that nobody has taken it.
  if (outcome.kind !== "failed" || outcome.code === "handover_disabled") return facts;
  return give(facts, "bot", "ours", now);
}
