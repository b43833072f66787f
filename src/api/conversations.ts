import * as z from "zod/mini";
import type { About } from "../conversation/about.ts";
import type { Writer } from "../conversation/position.ts";
import type { ConversationView } from "../conversation/views.ts";
import type { OutgoingBody } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import { secondaryReceivers, threadOwner } from "../graph/threads.ts";
import { conversationId } from "../ids.ts";
import { WEEK_MS, WINDOW_MS } from "../messages/rules.ts";
import { rulesOf } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { graphFor, graphOf, refusedByMeta } from "./graph.ts";
import { conversationOf, conversationSchema, pageIdSchema, type Target } from "./target.ts";
import { isoTime } from "./time.ts";

/** What a conversation stands at, and whose it is. */

const infoBody = z.object({ conversation_id: conversationSchema });

/** `POST /conversations.info` */
export async function conversationInfo(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, infoBody);
  if (!body.ok) return body.response;
  const found = await conversationOf(body.value.conversation_id, config, env, caller);
  return found.ok ? info(found.target) : found.response;
}

const appId = z.string().check(z.regex(/^\d{1,32}$/, "an app's id"));
const metadata = z.optional(z.string().check(z.maxLength(1000, "at most 1000 characters")));
const ownerBody = z.object({
  conversation_id: conversationSchema,
  owner: z.string().check(z.regex(/^(bot|human|\d{1,32})$/, "bot, human or an app's id")),
  metadata,
});

/** `POST /conversations.set-owner`: our own switch; where an app is concerned, Meta is told. */
export async function setOwner(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  context: CallContext,
): Promise<Response> {
  const body = await readBody(request, ownerBody);
  if (!body.ok) return body.response;
  const { conversation_id, owner, metadata } = body.value;
  return give(conversation_id, owner, metadata, config, env, context);
}

const passBody = z.object({ conversation_id: conversationSchema, target_app_id: appId, metadata });

/** `POST /conversations.pass-thread`: to another app of the page. */
export async function passThread(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  context: CallContext,
): Promise<Response> {
  const body = await readBody(request, passBody);
  if (!body.ok) return body.response;
  const { conversation_id, target_app_id, metadata } = body.value;
  return give(conversation_id, target_app_id, metadata, config, env, context);
}

const takeBody = z.object({
  conversation_id: conversationSchema,
  owner: z.optional(z.enum(["bot", "human"], "bot or human")),
  metadata,
});

/** `POST /conversations.take-thread`: from another app, or a person's back to the bot. */
export async function takeThread(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  context: CallContext,
): Promise<Response> {
  const body = await readBody(request, takeBody);
  if (!body.ok) return body.response;
  const { conversation_id, owner = "bot", metadata } = body.value;
  return give(conversation_id, owner, metadata, config, env, context);
}

async function give(
  conversation: string,
  owner: string,
  metadata: string | undefined,
  config: Config,
  env: Cloudflare.Env,
  { caller, start }: CallContext,
): Promise<Response> {
  const found = await conversationOf(conversation, config, env, caller);
  if (!found.ok) return found.response;
  const { line } = found.target;
  const request = { id: requestId(), writer: writerOf(caller), owner, metadata: metadata ?? null };
  const work = await line.call((stub) => stub.setOwner(request));
  start(line, work);
  return info(found.target);
}

const controlBody = z.object({ conversation_id: conversationSchema, metadata });

/** `POST /conversations.request-thread`, `/conversations.release-thread`: asked of Meta after what is being sent. */
export const threadControl =
  (call: "request_thread_control" | "release_thread_control") =>
  async (
    request: Request,
    config: Config,
    env: Cloudflare.Env,
    { caller, start }: CallContext,
  ): Promise<Response> => {
    const body = await readBody(request, controlBody);
    if (!body.ok) return body.response;
    const found = await conversationOf(body.value.conversation_id, config, env, caller);
    if (!found.ok) return found.response;
    const { line, setup } = found.target;
    const { metadata } = body.value;
    const control: OutgoingBody = { thread_control: call, ...(metadata === undefined ? {} : { metadata }) };
    const settings = { humanAgent: false, rules: rulesOf(setup) };
    const asked = { id: requestId(), writer: writerOf(caller), bodies: [control], ...settings };
    const accepted = await line.call((stub) => stub.send(asked));
    if (accepted.refusal) {
      const { code, reason } = accepted.refusal;
      return problem({ status: 429, code, detail: reason });
    }
    start(line, accepted.work);
    return info(found.target);
  };

/** `POST /conversations.thread-owner`: by Meta's word. */
export async function ownerByMeta(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, infoBody);
  if (!body.ok) return body.response;
  const found = await conversationOf(body.value.conversation_id, config, env, caller);
  if (!found.ok) return found.response;
  const of = graphFor(config, found.target.setup);
  if (!of.ok) return of.response;
  const owner = await threadOwner(of.graph, found.target.user);
  if (!owner.ok) return refusedByMeta(owner);
  return Response.json({ app_id: owner.value.app, expires_at: isoTime(owner.value.expiresAt) });
}

const receiversBody = z.object({ page_id: z.optional(pageIdSchema) });

/** `POST /conversations.receivers`: the apps of a page that a conversation can be passed to. */
export async function receivers(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, receiversBody);
  if (!body.ok) return body.response;
  const of = await graphOf(config, env, caller, body.value.page_id);
  if (!of.ok) return of.response;
  const apps = await secondaryReceivers(of.graph);
  if (!apps.ok) return refusedByMeta(apps);
  return Response.json({
    data: apps.value,
    pagination_data: { previous_cursor: null, next_cursor: null, total: apps.value.length },
  });
}

/** Who writes is told by the key: a bot's is the bot's, all others are people's. */
export const writerOf = ({ name, role }: Caller): Writer => (role === "bot" ? "bot" : `human:${name}`);

export const requestId = (): string => `req_${crypto.randomUUID().replaceAll("-", "")}`;

async function info({ line, page, user, setup }: Target): Promise<Response> {
  const { handBackMs, humanAgent } = setup.settings;
  const view = await line.call((stub) => stub.info(handBackMs));
  if (!view.exists && view.owner === "bot") {
    const detail = "Nothing has happened in this conversation.";
    return problem({ status: 404, code: "no_such_conversation", detail });
  }
  return Response.json({
    id: conversationId(page, user),
    page_id: page,
    user_id: user,
    platform: view.platform,
    owner: view.owner,
    owner_since: isoTime(view.ownerSince),
    window: windowOf(view, humanAgent),
    profile: view.profile === null ? null : JSON.parse(view.profile),
    about: aboutOf(view.about),
    state_version: view.stateVersion,
    delivered_at: isoTime(view.deliveredAt),
    read_at: isoTime(view.readAt),
    is_waiting: view.isWaiting,
    is_sending: view.isSending,
  });
}

function windowOf({ windowAt }: ConversationView, humanAgent: boolean) {
  const after = (ms: number) => (windowAt === null ? null : isoTime(windowAt + ms));
  return {
    opened_at: isoTime(windowAt),
    closes_at: after(WINDOW_MS),
    human_agent_until: humanAgent ? after(WEEK_MS) : null,
  };
}

function aboutOf({ referral, optins, account, contact, comment, wantedBy, feedback, policy, roles }: About) {
  const dated = <T extends { at: number }>(one: T | undefined) => one && { ...one, at: isoTime(one.at) };
  return {
    referral: referral && { ...dated(referral), adId: undefined, ad_id: referral.adId },
    optins: optins?.map((one) => optinOf(one)),
    account: dated(account),
    contact,
    comment: comment && {
      id: comment.id,
      post_id: comment.post,
      at: isoTime(comment.at),
      is_answered: comment.isAnswered,
    },
    wanted_by: dated(wantedBy),
    feedback: feedback && { ...dated(feedback), feedback: JSON.parse(feedback.feedback) },
    policy: dated(policy),
    roles,
  };
}

function optinOf(one: NonNullable<About["optins"]>[number]) {
  if (one.kind === "plugin")
    return { kind: one.kind, ref: one.ref, user_ref: one.userRef, at: isoTime(one.at) };
  const { at, ...rest } = one;
  if (rest.kind === "one_time") return { ...rest, at: isoTime(at) };
  const { expiresAt, ...marketing } = rest;
  return { ...marketing, expires_at: isoTime(expiresAt), at: isoTime(at) };
}
