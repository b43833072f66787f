import { requestId, writerOf } from "../api/conversations.ts";
import { idOf } from "../api/messages.ts";
import { SEND_MS } from "../conversation/limits.ts";
import { ConversationLine } from "../conversation/stub.ts";
import type { Ending, OutgoingBody, SendReport, Work } from "../conversation/work.ts";
import { conversationId, type UserId } from "../ids.ts";
import { rulesOf } from "../pages/setup.ts";
import type { Door, DoorCall } from "./call.ts";

/**
 * Sends something in its conversation's order and waits for Meta's answer: at Meta, too, the answer is what tells a
 * client. It is tried once; whether to try again is the client's to decide, as it is without a gateway.
 */

/** For what is ahead of it; what isn't tried by then is taken back. ms */
const WAIT_MS = 20_000;
/** For the echo of a message to which Meta gave no answer. ms */
const ECHO_WAIT_MS = 8_000;

type Waited = { ok: true; ending: Ending } | { ok: false; refusal: { code: string; reason: string } };

export const lineOf = ({ door, graph }: DoorCall, user: UserId): ConversationLine =>
  new ConversationLine(door.env.CONVERSATION, conversationId(graph.page, user));

export async function sendAndWait(
  call: DoorCall,
  line: ConversationLine,
  body: OutgoingBody,
): Promise<Waited> {
  const { caller, setup, door, idempotencyKey } = call;
  // One id, also for a call that is repeated since its answer was lost.
  const id = idempotencyKey ? await idOf(idempotencyKey, caller.name) : requestId();
  const request = {
    id,
    writer: writerOf(caller),
    bodies: [body],
    humanAgent: setup.settings.humanAgent,
    rules: rulesOf(setup),
    isAwaited: true,
  };
  const { refusal, entry, work } = await line.call((stub) => stub.send(request));
  if (refusal) return { ok: false, refusal };
  const report = await startAndHear(door, line, work, entry);
  if (report && report.outcome.kind !== "unknown") return { ok: true, ending: endingOf(report) };
  const waitMs = report ? ECHO_WAIT_MS : WAIT_MS;
  return { ok: true, ending: await line.call((stub) => stub.outcome(entry, waitMs)) };
}

/** What the message came to, if it went at once: nobody needs to ask its conversation for that. */
function startAndHear(
  { context }: Door,
  line: ConversationLine,
  work: Work[],
  entry: number,
): Promise<SendReport | undefined> {
  return new Promise((resolve) => {
    const isFirst = work.some((one) => one.kind === "send" && one.entry === entry);
    const timer = setTimeout(resolve, isFirst ? SEND_MS : 0);
    context.start(line, work, (report) => {
      if (report.entry !== entry) return;
      clearTimeout(timer);
      resolve(report);
    });
  });
}

/** As the conversation will have it. */
function endingOf({ outcome, meta }: SendReport): Ending {
  const isSent = outcome.kind === "sent";
  return {
    state: isSent ? "sent" : "failed",
    mid: isSent ? outcome.mid : null,
    code: "code" in outcome ? outcome.code : null,
    reason: "reason" in outcome ? outcome.reason : null,
    meta: meta ?? null,
  };
}
