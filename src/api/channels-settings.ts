import type { Config } from "../env.ts";
import { pageId } from "../ids.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { missingSecrets, type WrittenSettings } from "../pages/settings.ts";
import { type PageSetup, setupOf } from "../pages/setup.ts";
import type { Caller } from "./auth.ts";

/** What settings of a channel may name: what is there, and what its caller may use. */

interface Change {
  config: Config;
  env: Pick<Cloudflare.Env, "PAGE">;
  caller: Pick<Caller, "pages">;
  channel: ListedChannel;
}

/** @returns what is wrong with settings that have the right shape, and where */
export async function issueIn(
  written: WrittenSettings,
  { config, env, caller, channel }: Change,
): Promise<string | undefined> {
  if (caller.pages) {
    const setup = await setupOf({ config, pages: env.PAGE }, pageId(channel.sourceChannelId));
    const beyond = beyondPage(written, setup);
    if (beyond !== undefined) return beyond;
  }
  const [missing] = missingSecrets(written, config);
  if (missing !== undefined) return `settings: the secret ${missing} is not set.`;
  const { app_id: app } = written;
  if (app == null || app === channel.appId) return undefined;
  if (!config.apps.some(({ id }) => id === app)) return "settings.app_id: the gateway has no app of this id.";
  if (channel.tokenIn === "object") {
    return "settings.app_id: connect the page with a token of that app instead.";
  }
  return undefined;
}

/**
 * What a key that is bound to pages can't set, since it isn't the page's alone. Else it could have the token of another
 * page's bot sent to an address of its own, and have another page's app sign what its bot gets.
 */
function beyondPage(written: WrittenSettings, { page, settings }: PageSetup): string | undefined {
  const inUse = [settings.bot, settings.canary?.bot, settings.shadow?.bot];
  const isItsOwn = (name: string) => name === page || name.startsWith(`${page}_`);
  for (const bot of [written.bot, written.canary?.bot, written.shadow?.bot]) {
    const { token, signing_secret: secret, url } = bot ?? {};
    const isUsed = (name: string) =>
      inUse.some((one) => one?.url === url && (one?.tokenName === name || one?.signingName === name));
    if ([token, secret].every((name) => name == null || isItsOwn(name) || isUsed(name))) continue;
    return `settings: a key that is bound to pages names secrets of its own: BOT_TOKEN_${page}, BOT_SIGNING_SECRET_${page}_….`;
  }
  const { app_id: app } = written;
  if (app === undefined || app === settings.appId) return undefined;
  return "settings.app_id: a key that is bound to pages can't give them to another app.";
}
