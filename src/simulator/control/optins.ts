import { type Conversation, newToken } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { Refusal } from "./answers.ts";
import { given } from "./spoken.ts";
import type { OptIn } from "./utterance.ts";

const DAY_MS = 86_400_000;

/** Meta lets a checkbox be answered within a day, a one-time token be used within a year. */
const USER_REF_MS = DAY_MS;
const ONE_TIME_MS = 365 * DAY_MS;

/** How long a marketing token is good unless the test says otherwise: Meta's nine months. */
const MARKETING_MS = 270 * DAY_MS;

const PAUSES_MS = { DAILY: DAY_MS, WEEKLY: 7 * DAY_MS, MONTHLY: 30 * DAY_MS } as const;

/**
 * Records what the opt-in grants, and fills in what Meta would: tokens and their expiry.
 *
 * @param at When the person opted in, in simulated milliseconds.
 * @returns The event's `optin`.
 * @throws Refusal if notifications are stopped or resumed under a token nobody gave.
 */
export function optIn(rooms: Rooms, conversation: Conversation, optin: OptIn, at: number): JsonObject {
  const { grants } = rooms;
  if (optin.type === "one_time_notif_req") {
    const token = optin.one_time_notif_token ?? newToken();
    grants.give({ kind: "one_time", token, ...conversation, givenAt: at, expiresAt: at + ONE_TIME_MS });
    return given({ ...optin, one_time_notif_token: token });
  }
  if (optin.type === "notification_messages") {
    return optin.notification_messages_status === undefined
      ? subscribe(rooms, conversation, optin, at)
      : stopOrResume(rooms, optin);
  }
  const { user_ref } = optin;
  if (user_ref !== undefined) giveUserRef(rooms, conversation, user_ref, at);
  return given(optin);
}

/** Makes the `user_ref` of a checkbox known to the Send API. */
export function giveUserRef({ grants }: Rooms, conversation: Conversation, token: string, at: number): void {
  grants.give({ kind: "user_ref", token, ...conversation, givenAt: at, expiresAt: at + USER_REF_MS });
}

function subscribe({ grants }: Rooms, conversation: Conversation, optin: OptIn, at: number): JsonObject {
  const token = optin.notification_messages_token ?? newToken();
  const expiresAt = optin.token_expiry_timestamp ?? at + MARKETING_MS;
  const frequency = optin.notification_messages_frequency;
  const pauseMs = frequency === undefined ? 0 : PAUSES_MS[frequency];
  grants.give({ kind: "marketing", token, ...conversation, givenAt: at, expiresAt, pauseMs });
  return given({
    notification_messages_timezone: "UTC",
    user_token_status: "NOT_REFRESHED",
    ...optin,
    notification_messages_token: token,
    token_expiry_timestamp: expiresAt,
  });
}

function stopOrResume({ grants }: Rooms, optin: OptIn): JsonObject {
  const grant = grants.find("marketing", optin.notification_messages_token ?? "");
  if (!grant) {
    throw new Refusal(404, "no_such_token", "optin.notification_messages_token is none this person gave.");
  }
  grants.setStopped(grant, optin.notification_messages_status === "STOP_NOTIFICATIONS");
  return given({ token_expiry_timestamp: grant.expiresAt, ...optin });
}
