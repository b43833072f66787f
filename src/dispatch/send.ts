import type { OutgoingBody, SendOutcome, SendReport, SendWork } from "../conversation/work.ts";
import type { GraphClient } from "../graph/client.ts";
import type { Recipient } from "../graph/recipient.ts";
import { type ConversationId, PAGE_ITSELF, recipientOf } from "../ids.ts";
import { textOf } from "../messages/reading.ts";
import { rule } from "../messages/rules.ts";
import { endsOf } from "../pages/ends.ts";
import type { Shut, ShutReason, Way } from "../pages/gate.ts";
import type { PageSettings } from "../pages/settings.ts";
import { hadTrouble, isTakenForShut, remember } from "./gates.ts";
import { knownFile } from "./known-files.ts";
import { reportFree, reportTrouble, waitAtGate } from "./page-calls.ts";
import type { RunContext } from "./run.ts";

/** What a send came to, beside its outcome. */
type Sent = Pick<SendReport, "outcome" | "spent" | "passedTo">;

/** Sends a message, if Meta's rules allow it now, unless its page is known to be unable to. */
export async function send(
  context: RunContext,
  conversation: ConversationId,
  work: SendWork,
  way: Way,
): Promise<SendReport> {
  const { config, pages } = context;
  const { page, entry, index, attempt } = work;
  const report = (sent: Sent): SendReport => ({ entry, index, attempt, ...sent });
  if (work.user === PAGE_ITSELF) {
    const reason = "the event concerns the page, not a person";
    return report({ outcome: { kind: "failed", code: "no_recipient", reason } });
  }
  const now = Date.now();
  const settings = config.settingsOf(page);
  const body: OutgoingBody = JSON.parse(work.body);
  const ruling =
    work.form === "thread_control" ? { ok: true as const, body } : rule(body, { ...work, ...settings }, now);
  if (!ruling.ok) return report({ outcome: { kind: "failed", code: ruling.code, reason: ruling.reason } });

  if (way === "woken") remember(page, "graph", null, now);
  if (way === "ordinary" && isTakenForShut(page, "graph", now)) {
    const shut = await waitAtGate(pages, page, "graph", conversation);
    if (shut) return report({ outcome: work.form === "action" ? actionLost(shut.reason) : held(shut) });
  }

  const sent = await sendVia(context, work, ruling.body, settings);
  const { outcome } = sent;
  const reason = troubleIn(outcome);
  if (reason) {
    const afterMs = "afterMs" in outcome ? outcome.afterMs : undefined;
    const isProbe = way === "probe";
    await reportTrouble(pages, page, "graph", { conversation, reason, afterMs, isProbe, successes: 0 });
    console.warn({
      event: "message_held",
      page,
      code: reason,
      reason: "reason" in outcome ? outcome.reason : null,
    });
  } else if (way === "probe" || hadTrouble(page, "graph")) {
    // Whatever else became of it, what shut the gate is over; or if nobody can say, the next to send will find out.
    await reportFree(pages, page, "graph");
  }
  if (work.form === "action" && "reason" in outcome && outcome.kind !== "failed")
    return report({ outcome: actionLost(outcome.reason) });
  if (reason && outcome.kind === "retry") {
    return report({ ...sent, outcome: { ...outcome, kind: "hold", code: "rate_limited" } });
  }
  return report(sent);
}

async function sendVia(
  { config, pages }: RunContext,
  work: SendWork,
  body: OutgoingBody,
  settings: PageSettings,
): Promise<Sent> {
  const { graph } = endsOf(config, work.page);
  if (!graph) {
    const reason = "no access token of this page is configured";
    return { outcome: { kind: "hold", code: "no_token", reason } };
  }
  const user = recipientOf(work.user);
  if (work.form === "thread_control") return passThread(graph, user, body);
  for (const action of work.actions) await graph.act(user, action);
  if (work.form === "message" && work.index > 0) await pause(graph, user, body, settings);

  const { recipient: named, ...rest } = body;
  const recipient = (named as Recipient | undefined) ?? user;
  const dressed = asPersona(rest, work, settings);
  const file = await knownFile(pages, work.page, dressed);
  let outcome = await graph.send(recipient, JSON.stringify(file?.body ?? dressed));
  if (file?.isKnown && outcome.kind === "failed" && FILE_LOST.has(outcome.code)) {
    await file.forget();
    outcome = await graph.send(recipient, JSON.stringify(dressed));
  }
  if (outcome.kind === "sent" && file && !file.isKnown && outcome.attachmentId !== undefined) {
    await file.keep(outcome.attachmentId);
  }
  const spent = permitIn(recipient);
  return spent === undefined ? { outcome } : { outcome, spent };
}

/** How a message fares whose file Meta has deleted. */
const FILE_LOST: ReadonlySet<string> = new Set(["invalid", "attachment"]);

async function passThread(graph: GraphClient, user: Recipient, body: OutgoingBody): Promise<Sent> {
  const { thread_control: call, ...fields } = body as OutgoingBody & ThreadControl;
  const outcome = await graph.control(call, user, fields as Record<string, string>);
  const target = fields["target_app_id"];
  return typeof target === "string" ? { outcome, passedTo: target } : { outcome };
}

interface ThreadControl {
  thread_control: Parameters<GraphClient["control"]>[0];
}

/** Between messages of one answer: dots, for about as long as a person would type. */
async function pause(
  graph: GraphClient,
  user: Recipient,
  body: OutgoingBody,
  { pause }: PageSettings,
): Promise<void> {
  if (!pause) return;
  await graph.act(user, "typing_on");
  const characters = textOf(body)?.length ?? 0;
  await scheduler.wait(Math.min(pause.maxMs, Math.ceil(characters * pause.msPerCharacter)));
}

function asPersona(
  body: OutgoingBody,
  { writer, platform, form }: SendWork,
  { persona }: PageSettings,
): OutgoingBody {
  const isDressed = persona !== null && writer === "bot" && platform === "messenger" && form === "message";
  return isDressed ? { persona_id: persona, ...body } : body;
}

/** What a recipient of this kind uses up. */
function permitIn(recipient: Recipient): string | undefined {
  if ("comment_id" in recipient) return recipient.comment_id;
  return "one_time_notif_token" in recipient ? recipient.one_time_notif_token : undefined;
}

/** Typing dots that come late only puzzle the user, and what waits behind them is worth more. */
const actionLost = (reason: string): SendOutcome => ({ kind: "failed", code: "action_lost", reason });

/** Outcomes that concern the whole page: none of its messages would fare better now. */
function troubleIn(outcome: SendOutcome): ShutReason | undefined {
  if (outcome.kind === "hold") return outcome.code;
  return outcome.kind === "retry" && outcome.code === "rate_limited" ? "rate_limited" : undefined;
}

const held = ({ reason, until }: Shut): SendOutcome => ({
  kind: "hold",
  // A page's way to Graph is shut for no reason of its bot's.
  code: reason === "bot_failing" || reason === "bot_gone" ? "rate_limited" : reason,
  reason: `the page waits until ${new Date(until).toISOString()}`,
});
