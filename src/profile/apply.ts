import type { CallFailure, GraphClient } from "../graph/client.ts";
import {
  deleteMessengerProfile,
  getMessengerProfile,
  type Platform,
  setMessengerProfile,
} from "../graph/messenger-profile.ts";
import { type Change, diffProfile, PROPERTIES_OF, type ProfileDiff } from "./diff.ts";
import type { Profile } from "./profile.ts";

/** What Meta has of a page's profile. */
export function currentProfile(
  graph: GraphClient,
  platform: Platform,
): Promise<{ ok: true; value: Record<string, unknown> } | CallFailure> {
  return getMessengerProfile(graph, PROPERTIES_OF[platform], platform);
}

/** What {@link applyProfile} would do. */
export async function compareProfile(
  graph: GraphClient,
  wanted: Profile,
  platform: Platform,
): Promise<({ ok: true } & ProfileDiff) | CallFailure> {
  const current = await currentProfile(graph, platform);
  return current.ok ? { ok: true, ...diffProfile(current.value, wanted, platform) } : current;
}

/**
 * Carries changes out: one call for all that is set, one for all that is deleted, none for nothing. Should the second
 * fail, the first stands; comparing and applying again does the rest.
 */
export async function applyChanges(
  graph: GraphClient,
  changes: readonly Change[],
  platform: Platform,
): Promise<{ ok: true } | CallFailure> {
  const sets = changes.filter(({ action }) => action === "set");
  const deletes = changes.filter(({ action }) => action === "delete");
  if (sets.length > 0) {
    const properties = Object.fromEntries(sets.map(({ property, to }) => [property, to]));
    const done = await setMessengerProfile(graph, properties, platform);
    if (!done.ok) return done;
  }
  if (deletes.length > 0) {
    const names = deletes.map(({ property }) => property);
    const done = await deleteMessengerProfile(graph, names, platform);
    if (!done.ok) return done;
  }
  return { ok: true };
}
