import type { DeliverWork, DeliveryReport } from "../conversation/work.ts";
import type { GraphClient } from "../graph/client.ts";
import { userProfile } from "../graph/users.ts";
import type { PageSettings } from "../pages/settings.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Names and pictures change seldom. */
const KNOWN_FOR_MS = 7 * DAY;
/** Consent may be given later. */
const REFUSED_FOR_MS = DAY;
/** What is only in trouble is asked again soon, but not with every message. */
const FAILED_FOR_MS = 10 * MINUTE;

/** Instagram has its own fields: names are not told apart there. */
const INSTAGRAM_FIELDS = ["name", "username", "profile_pic"];

/**
 * Asks Meta about the user when it is time to: once, then weekly. It holds the bot's first delivery up for 2 s at most.
 * @returns what to note of it; `undefined` when nothing was asked
 */
export async function freshProfile(
  graph: GraphClient | undefined,
  { userFields }: Pick<PageSettings, "userFields">,
  { conversation }: DeliverWork,
): Promise<DeliveryReport["profile"]> {
  const { user, platform, profile, isProfileDue } = conversation;
  if (!graph || !isProfileDue || userFields.length === 0 || !/^\d+$/.test(user)) return undefined;
  const result = await userProfile(graph, user, platform === "instagram" ? INSTAGRAM_FIELDS : userFields);
  if (result.kind === "known") return { value: JSON.stringify(result.fields), dueInMs: KNOWN_FOR_MS };
  if (result.kind === "refused") return { value: null, dueInMs: REFUSED_FOR_MS };
  return { value: profile, dueInMs: FAILED_FOR_MS };
}
