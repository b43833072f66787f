import type { Config } from "../env.ts";
import { readInstagramAccount } from "../graph/accounts.ts";
import { debugToken, isNamed, type TokenFacts } from "../graph/app-token.ts";
import type { GraphClient } from "../graph/client.ts";
import type { PageId } from "../ids.ts";
import type { Source } from "../pages/channel.ts";
import type { ListedChannel } from "../pages/directory/channels.ts";
import type { PageSetup } from "../pages/setup.ts";
import { type Finding, isVerdict, missedBy, refusedToApp } from "./finding.ts";
import type { Problem } from "./problems.ts";
import { tokenProblems } from "./token.ts";

/** Asking Meta about a page's token. */

/** Whose events and messages a page's are. */
interface Origin {
  source: Source;
  /** The page's id; on Instagram that of the page behind the account; `me` where only the token knows. */
  facebookPage: string;
}

type Looked = { origin: Origin; problems: Problem[] };

/** @param channel as it is listed, if it is */
export async function lookAtToken(
  { graph: place }: Pick<Config, "graph">,
  { page, app, token = "" }: PageSetup,
  graph: GraphClient,
  channel: ListedChannel | null,
  now: number,
): Promise<Looked | Finding> {
  const listed: Origin | null = channel && { source: channel.source, facebookPage: channel.facebookPage };
  const itself: Origin = { source: "facebook", facebookPage: "me" };
  // Without the app's id nobody can ask; that it is missing is the app's own problem.
  if (!isNamed(app)) return { origin: listed ?? itself, problems: [] };
  const debugged = await debugToken(place, app, token);
  if (!debugged.ok) {
    return isVerdict(debugged)
      ? { origin: listed ?? itself, problems: [refusedToApp(debugged)] }
      : missedBy(debugged);
  }
  const facts = debugged.value;
  const origin = listed ?? (await originOf(graph, page, facts));
  if ("kind" in origin) return origin;
  return { origin, problems: tokenProblems(facts, { appId: app.id, channel: page, ...origin }, now) };
}

/** Whether an id in the secrets is that of a page or of an Instagram account, and of which page then. */
async function originOf(
  graph: GraphClient,
  page: PageId,
  { profileId, isValid, type }: TokenFacts,
): Promise<Origin | Finding> {
  const asPage: Origin = { source: "facebook", facebookPage: page };
  if (!isValid || type !== "PAGE" || profileId === null || profileId === page) return asPage;
  const account = await readInstagramAccount(graph, profileId);
  if (!account.ok) return isVerdict(account) ? asPage : missedBy(account);
  return account.value?.id === page ? { source: "instagram", facebookPage: profileId } : asPage;
}
