import { readInstagramAccount, readName } from "../graph/accounts.ts";
import { type PageId, pageId } from "../ids.ts";
import type { Source } from "../pages/channel.ts";
import { channelId } from "../pages/channel-id.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import { graphEnd } from "../pages/ends.ts";
import { directoryOf } from "../pages/served.ts";
import { setupOf } from "../pages/setup.ts";
import type { ChannelWorld } from "./connect.ts";

/** Pages from the secrets that are asked for their names in one go; the others have theirs next time. */
const DESCRIBED_AT_ONCE = 10;

/** Every page there is: connected at run time, or in the secrets. Those of the latter are asked once what they are called. */
export async function allChannels(world: ChannelWorld): Promise<ListedChannel[]> {
  const { config, env } = world;
  const directory = directoryOf(env);
  const listed = await directory.list();
  const known = new Set(listed.map(({ sourceChannelId }) => sourceChannelId));
  const unknown = [...config.pageTokens.keys()].filter((page) => !known.has(page));
  const described = await Promise.all(
    unknown.slice(0, DESCRIBED_AT_ONCE).map((page) => describe(world, page)),
  );
  const learnt = described.filter((one) => one !== undefined);
  if (learnt.length > 0) await directory.introduce(learnt);
  const named = new Map(learnt.map((one) => [one.sourceChannelId, one]));
  const rest = unknown.map((page) => named.get(page) ?? fromSecrets(page, "facebook", page));
  return [...listed.map((one) => asServed(world, one)), ...(await Promise.all(rest))];
}

/** @returns `undefined` if there is none of this id */
export async function findChannel(world: ChannelWorld, id: string): Promise<ListedChannel | undefined> {
  const listed = await directoryOf(world.env).find(id);
  if (listed) return asServed(world, listed);
  return (await allChannels(world)).find((one) => one.id === id);
}

/** Rounds are over when nobody else connects or disconnects the channel at the same time. */
const MAX_ROUNDS = 5;

/**
 * Lists a channel once its page's object has it. Who connects and who disconnects at the same time may come to the object in
 * one order and to the list in the other: what the object has is what counts, so it is asked once more.
 */
export async function list({ env }: ChannelWorld, channel: ListedChannel): Promise<void> {
  const object = env.PAGE.getByName(channel.sourceChannelId);
  let listed = channel;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await directoryOf(env).put(listed);
    const kept = await object.channel();
    if (!kept || kept.isConnected === listed.isConnected) return;
    const tokenIn = kept.token === null ? listed.tokenIn : "object";
    listed = { ...listed, isConnected: kept.isConnected, appId: kept.appId, tokenIn };
  }
}

/** Whether another channel needs the subscription of this one's page: a page and its Instagram account share one. */
export async function isShared(
  world: ChannelWorld,
  { id, facebookPage }: Pick<ListedChannel, "id" | "facebookPage">,
): Promise<boolean> {
  const channels = await allChannels(world);
  return channels.some((one) => one.isConnected && one.facebookPage === facebookPage && one.id !== id);
}

/** A page that was only ever in the secrets is connected as long as it is there. */
const asServed = ({ config }: ChannelWorld, channel: ListedChannel): ListedChannel => ({
  ...channel,
  isConnected:
    channel.isConnected &&
    (channel.tokenIn === "object" || config.pageTokens.has(pageId(channel.sourceChannelId))),
});

/** What Meta says of a page in the secrets: an id there can also be that of an Instagram account. */
async function describe({ config, env }: ChannelWorld, page: PageId): Promise<ListedChannel | undefined> {
  const graph = graphEnd(config, await setupOf({ config, pages: env.PAGE }, page));
  if (!graph) return undefined;
  const itself = await readName(graph, "me");
  if (!itself.ok) return undefined;
  const { id, name, imageUrl } = itself.value;
  if (id === page) return { ...(await fromSecrets(page, "facebook", id)), name, imageUrl };
  const account = await readInstagramAccount(graph, id);
  if (!account.ok || account.value?.id !== page) return undefined;
  const { name: handle, imageUrl: picture } = account.value;
  return { ...(await fromSecrets(page, "instagram", id)), name: handle, imageUrl: picture };
}

const fromSecrets = async (page: string, source: Source, facebookPage: string): Promise<ListedChannel> => ({
  id: await channelId(source, page),
  source,
  sourceChannelId: page,
  facebookPage,
  appId: null,
  name: null,
  imageUrl: null,
  isConnected: true,
  tokenIn: "secret",
  connectedAt: null,
});
