import { seal, unseal } from "../pages/sealing.ts";
import { directoryOf } from "../pages/served.ts";
import type { ChannelWorld } from "./connect.ts";

/** Pages looked at in one go: within what a request may ask of objects on every plan. */
const AT_ONCE = 20;

export interface Resealed {
  checked: number;
  resealed: number;
  /** Channels whose tokens don't open: the key they were sealed under is gone. */
  unopened: string[];
  /** Where to go on; `null`: that was all. */
  next: string | null;
}

/**
 * Seals tokens anew that aren't sealed under the newest key, so that older ones can be taken out of `SEALING_KEY`.
 * @param pages only of these; `undefined`: of all
 * @param after where to go on, as a former call said
 */
export async function resealTokens(
  { config, env }: ChannelWorld,
  pages: readonly string[] | undefined,
  after: string | undefined,
): Promise<Resealed> {
  const { sealingKeys } = config;
  const connected = (await directoryOf(env).list()).filter(
    ({ isConnected, tokenIn, sourceChannelId: page }) =>
      isConnected && tokenIn === "object" && page > (after ?? "") && (pages?.includes(page) ?? true),
  );
  const now = connected.slice(0, AT_ONCE);
  const result: Resealed = { checked: 0, resealed: 0, unopened: [], next: null };
  for (const { id, sourceChannelId: page } of now) {
    const object = env.PAGE.getByName(page);
    const sealed = (await object.channel())?.token ?? null;
    if (sealed === null) continue;
    result.checked++;
    const of = { page, purpose: "page_token" };
    const opened = await unseal(sealingKeys, sealed, of);
    if (!opened) result.unopened.push(id);
    else if (opened.isStale && (await object.reseal(sealed, await seal(sealingKeys, opened.text, of)))) {
      result.resealed++;
    }
  }
  if (connected.length > now.length) result.next = now.at(-1)?.sourceChannelId ?? null;
  return result;
}
