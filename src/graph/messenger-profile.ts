import * as z from "zod/mini";
import type { CallFailure, CallResult, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * The Messenger Profile API: what a page shows before anyone has written. Limited to ten calls in ten minutes per page.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api
 */
export type Platform = "messenger" | "instagram";

const PATH = "me/messenger_profile";
const MENU_PATH = "me/custom_user_settings";

const platformParameter = (platform: Platform): Record<string, string> =>
  platform === "instagram" ? { platform } : {};

const answerSchema = z.object({ data: z.array(z.record(z.string(), z.unknown())) });

/** @returns the properties that are set, of those asked for, as Meta has them */
export async function getMessengerProfile(
  graph: GraphClient,
  properties: readonly string[],
  platform: Platform,
): Promise<{ ok: true; value: Record<string, unknown> } | CallFailure> {
  const query = { fields: properties.join(","), ...platformParameter(platform) };
  const answer = reading(await graph.call("GET", PATH, { query }), answerSchema);
  if (!answer.ok) return answer;
  const profile: Record<string, unknown> = {};
  const iceBreakers: unknown[] = [];
  for (const part of answer.value.data) {
    // Meta lists ice breakers without their name when nothing else is set.
    if ("question" in part || "call_to_actions" in part) iceBreakers.push(part);
    else Object.assign(profile, part);
  }
  return { ok: true, value: iceBreakers.length > 0 ? { ...profile, ice_breakers: iceBreakers } : profile };
}

/** Sets properties, all or none. Meta reads them in their order: `get_started` goes before the menu that needs it. */
export function setMessengerProfile(
  graph: GraphClient,
  properties: Record<string, unknown>,
  platform: Platform,
): Promise<CallResult> {
  return graph.call("POST", PATH, { query: platformParameter(platform), body: properties });
}

export function deleteMessengerProfile(
  graph: GraphClient,
  properties: readonly string[],
  platform: Platform,
): Promise<CallResult> {
  return graph.call("DELETE", PATH, { query: platformParameter(platform), body: { fields: properties } });
}

/**
 * Gives one person a menu of their own, in place of the page's. Limited to ten calls in ten minutes per person.
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/persistent-menu#user_level_menu
 */
export function setUserMenu(graph: GraphClient, psid: string, menu: unknown): Promise<CallResult> {
  return graph.call("POST", MENU_PATH, { body: { psid, persistent_menu: menu } });
}

/** The person sees the page's menu again, if it has one. */
export function deleteUserMenu(graph: GraphClient, psid: string): Promise<CallResult> {
  return graph.call("DELETE", MENU_PATH, { query: { psid, params: '["persistent_menu"]' } });
}
