import { readThreadControl } from "../conversation/thread-control.ts";
import type { MetaAnswer, OutgoingBody, SendOutcome, SendReport, SendWork } from "../conversation/work.ts";
import type { GraphClient } from "../graph/client.ts";
import type { Recipient } from "../graph/recipient.ts";
import { type ConversationId, PAGE_ITSELF, recipientOf } from "../ids.ts";
import { textOf } from "../messages/reading.ts";
import { rule } from "../messages/rules.ts";
import { graphEnd } from "../pages/ends.ts";
import type { Shut, ShutReason, Way } from "../pages/gate.ts";
import type { PageSettings } from "../pages/settings.ts";
import { type PageSetup, rulesOf, setupOf } from "../pages/setup.ts";
import { hadTrouble, isTakenForShut, remember } from "./gates.ts";
import { knownFile } from "./known-files.ts";
import { reportFree, reportTrouble, waitAtGate } from "./page-calls.ts";
import type { RunContext } from "./run.ts";
import { permitIn, recipientIn } from "./whom.ts";

/** What a send came to, beside its outcome. */
type Sent = Pick<SendReport, "outcome" | "spent" | "meta">;

/** Sends a message, if Meta's rules allow it now, unless its page is known to be unable to. */
export async function send(
  context: RunContext,
  conversation: ConversationId,
  work: SendWork,
  way: Way,
): Promise<SendReport> {
  const { pages } = context;
  const { page, entry, index, attempt, nonce } = work;
  const setup = await setupOf(context, page);
  const { settings } = setup;
  const rules = rulesOf(setup);
  const body: OutgoingBody = JSON.parse(work.body);
  const passed = work.form === "thread_control" ? passedIn(body) : {};
  const report = (sent: Sent): SendReport => ({ entry, index, attempt, nonce, rules, ...passed, ...sent });
  // A comment without a known author is the page's own event, and can be answered all the same: by naming it.
  if (work.user === PAGE_ITSELF && (work.form !== "message" || body["recipient"] === undefined)) {
    const reason = "the event concerns the page, not a person";
    return report({ outcome: { kind: "failed", code: "no_recipient", reason } });
  }
  const now = Date.now();
  const ruling =
    work.form === "thread_control" ? { ok: true as const, body } : rule(body, { ...work, ...settings }, now);
  if (!ruling.ok) return report({ outcome: { kind: "failed", code: ruling.code, reason: ruling.reason } });

  if (way === "woken") remember(page, "graph", null, now);
  if (way === "ordinary" && isTakenForShut(page, "graph", now)) {
    const shut = await waitAtGate(pages, page, "graph", conversation);
    if (shut) return report({ outcome: work.form === "action" ? actionLost(shut.reason) : held(shut) });
  }

  const tried = await sendVia(context, setup, work, ruling.body);
  const outcome = await unlessRenewed(context, setup, tried.outcome);
  const sent = { ...tried, outcome };
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

/** Meta refuses a token, or there is none: this isolate may not have heard yet that the page has a new one. */
async function unlessRenewed(
  context: RunContext,
  setup: PageSetup,
  outcome: SendOutcome,
): Promise<SendOutcome> {
  if (outcome.kind !== "hold" || !OF_TOKENS.has(outcome.code)) return outcome;
  const { app, token } = await setupOf(context, setup.page, 0);
  const { code, reason } = outcome;
  return app === setup.app && token === setup.token ? outcome : { kind: "retry", code, reason };
}

const OF_TOKENS: ReadonlySet<string> = new Set(["needs_reauth", "no_token", "app_secret_mismatch"]);

async function sendVia(
  { config, pages }: RunContext,
  setup: PageSetup,
  work: SendWork,
  body: OutgoingBody,
): Promise<Sent> {
  const { settings } = setup;
  const graph = graphEnd(config, setup);
  if (!graph) {
    const reason = "no access token of this page is configured";
    return { outcome: { kind: "hold", code: "no_token", reason } };
  }
  let meta: MetaAnswer | undefined;
  const hear = (answer: MetaAnswer) => {
    if (work.isAwaited) meta = answer;
  };
  const user = recipientOf(work.user);
  if (work.form === "thread_control") {
    const { call, fields } = readThreadControl(body);
    const outcome = await graph.control(call, user, fields, hear);
    return { outcome, ...(meta === undefined ? {} : { meta }) };
  }
  const isSomebody = work.user !== PAGE_ITSELF;
  for (const action of isSomebody ? work.actions : []) await graph.act(user, action);
  if (isSomebody && isOneMore(work)) await pause(graph, user, body, settings);

  const { recipient: _, ...rest } = body;
  const recipient = recipientIn(body, work.user);
  const dressed = asPersona(rest, work, settings);
  // Who waits for Meta's answer gets it for what they said: a file by its address, and its id in the answer.
  const file = work.isAwaited ? undefined : await knownFile(pages, work.page, dressed);
  const outcome = await graph.send(recipient, JSON.stringify(file?.body ?? dressed), hear);
  if (file?.isKnown && outcome.kind === "failed" && FILE_LOST.has(outcome.code)) {
    await file.forget();
    // Not here: another call of Graph may not fit into the time a message may take.
    return { outcome: { kind: "retry", code: "file_forgotten", reason: outcome.reason } };
  }
  if (outcome.kind === "sent" && file && !file.isKnown && outcome.attachmentId !== undefined) {
    await file.keep(outcome.attachmentId);
  }
  const spent = permitIn(recipient);
  return { outcome, ...(spent === undefined ? {} : { spent }), ...(meta === undefined ? {} : { meta }) };
}

/** How a message fares whose file Meta has deleted. */
const FILE_LOST: ReadonlySet<string> = new Set(["invalid", "attachment"]);

function passedIn(body: OutgoingBody): Pick<SendReport, "passedTo"> {
  const { target_app_id: target } = readThreadControl(body).fields;
  return target === undefined ? {} : { passedTo: target };
}

/** Another message of the bot's answer. A person has typed for as long as it took, and a retry comes late enough. */
const isOneMore = ({ form, writer, index, attempt }: SendWork): boolean =>
  form === "message" && writer === "bot" && index > 0 && attempt === 1;

/** Between messages of one answer: dots, for about as long as a person would type. */
async function pause(
  graph: GraphClient,
  user: Recipient,
  body: OutgoingBody,
  { pause, typing }: PageSettings,
): Promise<void> {
  if (!pause) return;
  const characters = textOf(body)?.length ?? 0;
  const waitMs = Math.min(pause.maxMs, Math.ceil(characters * pause.msPerCharacter));
  // Dots that don't get through in time must not make it longer than a message may take.
  await Promise.all([typing ? graph.act(user, "typing_on") : undefined, scheduler.wait(waitMs)]);
}

function asPersona(
  body: OutgoingBody,
  { writer, platform, form }: SendWork,
  { persona }: PageSettings,
): OutgoingBody {
  const isDressed = persona !== null && writer === "bot" && platform === "messenger" && form === "message";
  return isDressed ? { persona_id: persona, ...body } : body;
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
  code: reason === "bot_failing" || reason === "bot_gone" || reason === "bot_off" ? "rate_limited" : reason,
  reason: `the page waits until ${new Date(until).toISOString()}`,
});
