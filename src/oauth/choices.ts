import type { ChannelWorld, Wish } from "../channels/connect.ts";
import { allChannels } from "../channels/listing.ts";
import { type Account, listAccounts, type Named } from "../graph/accounts.ts";
import { graphAs, isNamed } from "../graph/app-token.ts";
import type { CallFailure } from "../graph/client.ts";
import type { Source } from "../pages/channel.ts";
import type { Session } from "./session.ts";

/** What the person can connect: a page, or the Instagram account of one. */
export interface Choice {
  /** As the form has it. */
  value: string;
  source: Source;
  name: string;
  id: string;
  imageUrl: string | null;
  isConnected: boolean;
  /** What to connect, if it is chosen; or why it can't be. */
  wish: Wish | { obstacle: string };
}

/** Asks Meta what the person looks after; an obstacle is told where there is one. */
export async function choicesOf(
  world: ChannelWorld,
  session: Session,
): Promise<{ ok: true; value: Choice[] } | CallFailure> {
  const { config } = world;
  const app = config.apps.filter(isNamed).find(({ id }) => id === session.app);
  if (!app) {
    const reason = "The app is no longer set up";
    return { ok: false, status: null, code: "no_such_app", reason, isFinal: true };
  }
  const person = graphAs(config.graph, app, session.token);
  const accounts = await listAccounts(person, session.instagram === "granted");
  if (!accounts.ok) return accounts;
  const channels = await allChannels(world);
  const connected = new Set(channels.filter((one) => one.isConnected).map((one) => one.sourceChannelId));
  const choices = accounts.value.flatMap((account) => {
    const { instagram } = account;
    const page = choiceOf("facebook", account, account, session, connected);
    return instagram ? [page, choiceOf("instagram", account, instagram, session, connected)] : [page];
  });
  return { ok: true, value: choices };
}

function choiceOf(
  source: Source,
  page: Account,
  { id, name, imageUrl }: Named,
  session: Session,
  connected: ReadonlySet<string>,
): Choice {
  const isCovered = session.pages?.includes(id) ?? true;
  return {
    value: `${source}:${id}`,
    source,
    name: name ?? id,
    id,
    imageUrl,
    isConnected: isCovered && connected.has(id),
    wish: isCovered ? wishOf(source, page, id, session.app) : { obstacle: "This link is for other pages." },
  };
}

/** Meta gives roles on a page as tasks. */
function wishOf(
  source: Source,
  { id, token, tasks }: Account,
  account: string,
  appId: string,
): Choice["wish"] {
  if (token === null) return { obstacle: "You have no role on this page that lets an app write for it." };
  if (tasks && !tasks.includes("MESSAGING")) {
    return { obstacle: "Your role on this page doesn’t include its messages." };
  }
  return { source, page: id, account, token, appId };
}
