import type { Bot } from "../bots/bot.ts";
import { botOf } from "../bots/bots.ts";
import type { Config } from "../env.ts";
import { GraphClient } from "../graph/client.ts";
import type { BotSpec, PageSetup } from "./setup.ts";

/** The ends a page is connected to: its bots, and Graph. */

export const botEnd = ({ settings }: PageSetup, spec: BotSpec): Bot =>
  botOf({ ...spec, splitText: settings.splitText });

/** @returns `undefined` when no token of the page is known: its messages are held */
export function graphEnd({ graph }: Config, { page, app, token }: PageSetup): GraphClient | undefined {
  return token === undefined
    ? undefined
    : new GraphClient({ ...graph, appSecret: app.secrets[0] }, page, token);
}
