import * as z from "zod/mini";
import { allChannels, findChannel } from "../channels/listing.ts";
import { type Refusal, refuse } from "../channels/refusal.ts";
import { resealTokens } from "../channels/reseal.ts";
import type { Config } from "../env.ts";
import { pageId } from "../ids.ts";
import { channelId } from "../pages/channel-id.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { directoryOf } from "../pages/served.ts";
import { readSettings } from "../pages/settings.ts";
import { forgetSetup } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import type { Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import type { CallContext } from "./call.ts";
import { issueIn } from "./channels-settings.ts";

/** Channels: the pages and Instagram accounts that are served, as Airy Core's API has them. */

export const channelIdSchema = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "a channel's id"));

export const nameSchema = z.string().check(z.trim(), z.minLength(1, "not empty"), z.maxLength(200));
export const imageUrlSchema = z.string().check(z.regex(/^https:\/\/\S{1,2000}$/, "a URL with https"));

/** A channel in Airy's shape. */
export const channelView = (channel: ListedChannel) => ({
  id: channel.id,
  source: channel.source,
  source_channel_id: channel.sourceChannelId,
  metadata: {
    name: channel.name ?? channel.sourceChannelId,
    ...(channel.imageUrl === null ? {} : { image_url: channel.imageUrl }),
  },
  connected: channel.isConnected,
});

export function refused({ status, code, detail, afterMs, meta }: Refusal): Response {
  return problem({
    status,
    code,
    detail,
    ...(afterMs === undefined ? {} : { headers: { "retry-after": String(Math.ceil(afterMs / 1000)) } }),
    ...(meta ? { extra: { meta } } : {}),
  });
}

/** The page isn't one that the caller's key is good for. */
export function notAllowed({ pages }: Caller, sourceChannelId: string): Response | undefined {
  if (!pages || pages.includes(sourceChannelId)) return undefined;
  return refused(OTHER_PAGES);
}

const OTHER_PAGES = refuse(403, "page_not_allowed", "This key is good for other pages.");

/** The channel a call names, if its caller's key is good for it. */
export async function channelOf(
  id: string,
  config: Config,
  env: Cloudflare.Env,
  caller: Caller,
): Promise<{ ok: true; channel: ListedChannel } | { ok: false; response: Response }> {
  const refusal = (one: Refusal) => ({ ok: false, response: refused(one) }) as const;
  // Ahead of looking: the answer doesn't tell whether another's page is served here.
  if (caller.pages && !(await idsOf(caller.pages)).includes(id)) return refusal(OTHER_PAGES);
  const channel = await findChannel({ config, env }, id);
  return channel
    ? { ok: true, channel }
    : refusal(refuse(404, "no_such_channel", "There is no channel of this id; see /channels.list."));
}

/** What the channels of these pages are called, if there are any. */
const idsOf = (pages: readonly string[]): Promise<string[]> =>
  Promise.all(pages.flatMap((page) => [channelId("facebook", page), channelId("instagram", page)]));

const listBody = z.object({ source: z.optional(z.enum(["facebook", "instagram"], "facebook or instagram")) });

/** `POST /channels.list`: all, connected or not. */
export async function listChannels(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, listBody);
  if (!body.ok) return body.response;
  const { source } = body.value;
  const channels = (await allChannels({ config, env })).filter(
    (one) =>
      (source === undefined || one.source === source) &&
      (caller.pages?.includes(one.sourceChannelId) ?? true),
  );
  return Response.json({ data: channels.map(channelView) });
}

const infoBody = z.object({ channel_id: channelIdSchema });

/** `POST /channels.info`: beside Airy's fields, the app and what was set at run time. */
export async function channelInfo(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, infoBody);
  if (!body.ok) return body.response;
  const of = await channelOf(body.value.channel_id, config, env, caller);
  if (!of.ok) return of.response;
  const stored = await env.PAGE.getByName(of.channel.sourceChannelId).channel();
  return Response.json(detailedView(of.channel, stored?.settings ?? null));
}

const detailedView = (channel: ListedChannel, settings: string | null) => ({
  ...channelView(channel),
  app_id: channel.appId,
  settings: settings === null ? {} : JSON.parse(settings),
});

const updateBody = z.object({
  channel_id: channelIdSchema,
  name: z.optional(nameSchema),
  image_url: z.optional(imageUrlSchema),
  settings: z.optional(z.looseObject({})),
});

/** `POST /channels.update`: what it leaves out stays; `null` takes a setting back. */
export async function updateChannel(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, updateBody);
  if (!body.ok) return body.response;
  const { channel_id, name, image_url, settings } = body.value;
  const of = await channelOf(channel_id, config, env, caller);
  if (!of.ok) return of.response;
  const { channel } = of;
  const read = readSettings(settings ?? {});
  const issue = read.ok
    ? await issueIn(read.settings, { config, env, caller, channel })
    : `settings.${read.issue}`;
  if (issue !== undefined) return refused(refuse(400, "invalid_settings", issue));

  const { source, facebookPage, sourceChannelId } = channel;
  const stored = await env.PAGE.getByName(sourceChannelId).changeChannel(
    { source, facebookPage },
    {
      ...(read.ok && settings ? { settings: read.settings } : {}),
      ...(name === undefined ? {} : { name }),
      ...(image_url === undefined ? {} : { imageUrl: image_url }),
    },
  );
  const changed = { ...channel, name: name ?? channel.name, imageUrl: image_url ?? channel.imageUrl };
  await directoryOf(env).rename(changed);
  forgetSetup(pageId(sourceChannelId));
  return Response.json(detailedView(changed, stored.settings));
}

const resealBody = z.object({ cursor: z.optional(z.string()) });

/** `POST /channels.reseal`: brings kept tokens under the newest key. */
export async function resealChannels(
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  { caller }: CallContext,
): Promise<Response> {
  const body = await readBody(request, resealBody);
  if (!body.ok) return body.response;
  const { cursor } = body.value;
  const { checked, resealed, unopened, next } = await resealTokens({ config, env }, caller.pages, cursor);
  return Response.json({ checked, resealed, unopened, next_cursor: next });
}
