import * as z from "zod/mini";
import { connect, type Wish } from "../channels/connect.ts";
import { disconnect } from "../channels/disconnect.ts";
import { allChannels } from "../channels/listing.ts";
import { appsFor, lookInto } from "../channels/page-token.ts";
import { refuse, refusedByMeta } from "../channels/refusal.ts";
import type { Config } from "../env.ts";
import { listAccounts } from "../graph/accounts.ts";
import { graphAs } from "../graph/app-token.ts";
import type { Source } from "../pages/channel.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { ApiCall, CallContext } from "./call.ts";
import {
  channelIdSchema,
  channelOf,
  channelView,
  imageUrlSchema,
  nameSchema,
  notAllowed,
  refused,
} from "./channels.ts";

/** Connecting and disconnecting pages and Instagram accounts by call. */

const metaId = z.string().check(z.regex(/^\d{1,32}$/, "an id of Meta's"));
const tokenSchema = z.string().check(z.regex(/^[\x21-\x7e]{1,2000}$/, "a token"));

const facebookBody = z.object({
  page_id: metaId,
  page_token: tokenSchema,
  name: z.optional(nameSchema),
  image_url: z.optional(imageUrlSchema),
  app_id: z.optional(metaId),
});
const instagramBody = z.extend(facebookBody, { account_id: metaId });

/** `POST /channels.facebook.connect` → the channel; again: the same one, with a new token. */
export async function connectFacebook(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, facebookBody);
  if (!body.ok) return body.response;
  return connected({ source: "facebook", ...wishIn(body.value) }, config, env, caller);
}

/** `POST /channels.instagram.connect` → the channel of the account. */
export async function connectInstagram(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, instagramBody);
  if (!body.ok) return body.response;
  const wish = { ...wishIn(body.value), account: body.value.account_id };
  return connected({ source: "instagram", ...wish }, config, env, caller);
}

const wishIn = (body: z.infer<typeof facebookBody>): Omit<Wish, "source"> => ({
  page: body.page_id,
  token: body.page_token,
  name: body.name,
  imageUrl: body.image_url,
  appId: body.app_id,
});

async function connected(wish: Wish, config: Config, env: Cloudflare.Env, caller: Caller): Promise<Response> {
  const other = notAllowed(caller, wish.account ?? wish.page);
  if (other) return other;
  const done = await connect({ config, env }, wish);
  if (!done.ok) return refused(done);
  const { channel, warnings } = done;
  return Response.json({ ...channelView(channel), ...(warnings.length > 0 ? { warnings } : {}) });
}

const exploreBody = z.object({ auth_token: tokenSchema, app_id: z.optional(metaId) });

/** `POST /channels.facebook.explore`: the pages the person whose token it is looks after, as far as the key is good for them. */
export async function exploreFacebook(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, exploreBody);
  if (!body.ok) return body.response;
  const { auth_token: token, app_id } = body.value;
  const apps = appsFor(config.apps, app_id);
  if (!apps.ok) return refused(apps);
  const known = await lookInto(config.graph, apps.apps, token);
  if (!known.ok) return refused(known);
  const accounts = await listAccounts(graphAs(config.graph, known.app, token), false);
  if (!accounts.ok) return refused(refusedByMeta(accounts, "asking for the pages"));
  const connected = new Set(
    (await allChannels({ config, env })).filter((one) => one.isConnected).map((one) => one.sourceChannelId),
  );
  const seen = accounts.value.filter(({ id }) => caller.pages?.includes(id) ?? true);
  const data = seen.map(({ id, name, imageUrl }) => ({
    page_id: id,
    name: name ?? id,
    image_url: imageUrl,
    connected: connected.has(id),
  }));
  return Response.json({ data });
}

const disconnectBody = z.object({ channel_id: channelIdSchema });

/**
 * `POST /channels.facebook.disconnect` and `/channels.instagram.disconnect` → 204, also when it is done already; 200 with
 * `warnings` when something is left to do by hand.
 */
export const disconnectOf =
  (source: Source): ApiCall =>
  async (request, config, env, { caller }) => {
    const body = await readBody(request, disconnectBody);
    if (!body.ok) return body.response;
    const of = await channelOf(body.value.channel_id, config, env, caller);
    if (!of.ok) return of.response;
    if (of.channel.source !== source) {
      return refused(refuse(404, "no_such_channel", `This is a channel of ${of.channel.source}.`));
    }
    const warnings = await disconnect({ config, env }, of.channel);
    return warnings.length > 0 ? Response.json({ warnings }) : new Response(null, { status: 204 });
  };
