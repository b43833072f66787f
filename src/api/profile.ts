import * as z from "zod/mini";
import type { Config } from "../env.ts";
import type { GraphClient } from "../graph/client.ts";
import { deleteUserMenu, type Platform, setUserMenu } from "../graph/messenger-profile.ts";
import { PAGE_ITSELF, partsOf, recipientOf } from "../ids.ts";
import { problem } from "../problem.ts";
import { applyChanges, compareProfile, currentProfile } from "../profile/apply.ts";
import type { ProfileDiff } from "../profile/diff.ts";
import { readProfile } from "../profile/profile.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { graphOf, refusedByMeta } from "./graph.ts";
import { conversationSchema, pageIdSchema } from "./target.ts";

/** A page's Messenger profile: what Meta has, how it differs from what is wanted, and making it so. */

const platform = z.optional(z.enum(["messenger", "instagram"], "messenger or instagram"));
const getBody = z.object({ page_id: z.optional(pageIdSchema), platform });
const wantedBody = z.object({
  page_id: z.optional(pageIdSchema),
  platform,
  profile: z.optional(z.looseObject({})),
});

/** `POST /profile.get` */
export async function getProfile(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, getBody);
  if (!body.ok) return body.response;
  const of = await graphOf(config, env, caller, body.value.page_id);
  if (!of.ok) return of.response;
  const { platform = "messenger" } = body.value;
  const profile = await currentProfile(of.graph, platform);
  if (!profile.ok) return refusedByMeta(profile);
  return Response.json({ page_id: of.graph.page, platform, profile: profile.value });
}

/** `POST /profile.diff`: what `/profile.apply` would change. */
export async function compareWithWanted(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const compared = await differences(request, config, env, caller);
  if (!compared.ok) return compared.response;
  const { diff, warnings } = compared;
  return Response.json({ changes: diff.changes, conflict: diff.conflict, warnings });
}

/** `POST /profile.apply`: changes what differs, and nothing else. Nothing different: Meta is only asked. */
export async function applyWanted(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const compared = await differences(request, config, env, caller);
  if (!compared.ok) return compared.response;
  const { graph, platform, diff, warnings } = compared;
  if (diff.conflict !== null) {
    return problem({ status: 409, code: "profile_conflict", detail: diff.conflict, extra: { warnings } });
  }
  const applied = await applyChanges(graph, diff.changes, platform);
  if (!applied.ok) return refusedByMeta(applied);
  return Response.json({ changes: diff.changes, warnings, applied: diff.changes.length > 0 });
}

type Compared =
  | { ok: true; graph: GraphClient; platform: Platform; diff: ProfileDiff; warnings: string[] }
  | { ok: false; response: Response };

/** How Meta's profile differs from the one in the request, or else from that in the page's settings. */
async function differences(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  caller: Caller,
): Promise<Compared> {
  const body = await readBody(request, wantedBody);
  if (!body.ok) return body;
  const of = await graphOf(config, env, caller, body.value.page_id);
  if (!of.ok) return of;
  const { graph, setup } = of;
  const { platform = "messenger", profile = setup.settings.profile } = body.value;
  if (!profile) {
    const detail = "Give a profile, or set one in the page's settings.";
    return { ok: false, response: problem({ status: 400, code: "profile_required", detail }) };
  }
  const wanted = readProfile(profile);
  if (!wanted.ok) return { ok: false, response: invalidProfile(wanted.issue) };
  const diff = await compareProfile(graph, wanted.profile, platform);
  if (!diff.ok) return { ok: false, response: refusedByMeta(diff) };
  return { ok: true, graph, platform, diff, warnings: wanted.warnings };
}

const menuBody = z.object({
  conversation_id: conversationSchema,
  persistent_menu: z.nullable(z.array(z.unknown())),
});

/** `POST /profile.user-menu`: gives one person a menu of their own, or with `null` the page's again. */
export async function setMenuOfUser(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, menuBody);
  if (!body.ok) return body.response;
  const { page, user } = partsOf(body.value.conversation_id);
  const of = await graphOf(config, env, caller, page);
  if (!of.ok) return of.response;
  const recipient = recipientOf(user);
  if (user === PAGE_ITSELF || !("id" in recipient)) {
    const detail = "conversation_id: there is nobody in this conversation who has an id.";
    return problem({ status: 400, code: "no_recipient", detail });
  }
  const wanted = readProfile({ persistent_menu: body.value.persistent_menu });
  if (!wanted.ok) return invalidProfile(wanted.issue);
  const menu = wanted.profile.persistent_menu;
  const done = menu
    ? await setUserMenu(of.graph, recipient.id, menu)
    : await deleteUserMenu(of.graph, recipient.id);
  return done.ok
    ? Response.json({ persistent_menu: menu ?? null, warnings: wanted.warnings })
    : refusedByMeta(done);
}

const invalidProfile = (issue: string): Response =>
  problem({ status: 400, code: "invalid_profile", detail: issue });
