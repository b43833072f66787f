import type { ChannelWorld } from "../channels/connect.ts";
import { subscribedFields } from "../graph/subscriptions.ts";
import { type PageId, pageId } from "../ids.ts";
import type { PageCheck } from "../pages/directory/check.ts";
import { graphEnd } from "../pages/ends.ts";
import { setupOf } from "../pages/setup.ts";
import { type Finding, isVerdict, missedBy, refusedToPage } from "./finding.ts";
import type { Problem } from "./problems.ts";
import { checkSubscription } from "./subscription.ts";
import { isUseless, reauthReason } from "./token.ts";
import { lookAtToken } from "./token-check.ts";

/**
 * Whether a page's token is good and the app is subscribed to the page; a subscription that is gone is made again. The
 * page's object is told of the token: it tells the bot, and has held messages tried.
 * @param now ms
 * @throws what calls of the page's object throw
 */
export async function checkPage(world: ChannelWorld, subject: PageCheck, now: number): Promise<Finding> {
  const page = pageId(subject.page);
  const finding = await look(world, page, subject, now);
  if (finding.kind === "checked") await tellOfToken(world, page, finding.problems);
  return finding;
}

async function look(
  { config, env }: ChannelWorld,
  page: PageId,
  subject: PageCheck,
  now: number,
): Promise<Finding> {
  const object = env.PAGE.getByName(page);
  const setup = await setupOf({ config, pages: env.PAGE }, page, 0);
  if (!setup.settings.isOn) return { kind: "off" };
  const graph = graphEnd(config, setup);
  if (!graph) {
    const sealed = (await object.channel())?.token ?? null;
    // Without one it has been disconnected meanwhile.
    return sealed === null ? { kind: "off" } : found([{ code: "token_unreadable" }]);
  }
  const token = await lookAtToken(config, setup, graph, subject.channel, now);
  if ("kind" in token) return token;
  const { origin, problems } = token;
  // What Meta says of a page to one that isn't its own, or no longer is, isn't worth asking for.
  if (isUseless(problems)) return found(problems);

  const fields = await subscribedFields(graph, origin.facebookPage, setup.app.id);
  if (!fields.ok) return isVerdict(fields) ? found([...problems, refusedToPage(fields)]) : missedBy(fields);
  const seen = await checkSubscription(
    { graph, ...origin, fields: fields.value },
    subject.check?.fields.page,
    async () => (await object.channel())?.isConnected !== false,
  );
  return { ...found([...problems, ...seen.problems]), fields: { page: seen.fields } };
}

const found = (problems: Problem[]) => ({ kind: "checked", problems, fields: {} }) as const;

/** Meta's refusals for another reason than the token: they tell nothing of it. */
const NOT_OF_THE_TOKEN = new Set<Problem["code"]>(["app_secret_wrong", "page_blocked", "meta_refused"]);

async function tellOfToken({ env }: ChannelWorld, page: PageId, problems: readonly Problem[]): Promise<void> {
  const reason = reauthReason(problems);
  if (reason === undefined && problems.some(({ code }) => NOT_OF_THE_TOKEN.has(code))) return;
  await env.PAGE.getByName(page).tokenChecked(reason ?? null);
}
