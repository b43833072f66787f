import type { Effect, OptIn } from "../conversation/effect.ts";
import { readMark } from "../conversation/mark.ts";
import { META_INBOXES } from "../ids.ts";
import { type MessengerEvent, stopsNotifications } from "./events.ts";

interface Context {
  channel: "messaging" | "standby" | "changes";
  /** When the event was, ms. */
  at: number;
  /** Our app's id (`META_APP_ID`), if it is configured. */
  appId: string | undefined;
}

type EventOf<T extends MessengerEvent["type"]> = Extract<MessengerEvent, { type: T }>;

/**
 * What is to be noted of an event, beside delivering it; nothing for most. What an event doesn't say in a form we know
 * has no effect, whatever else it says. Pure.
 */
export function effectsOf(event: MessengerEvent, context: Context): Effect[] {
  switch (event.type) {
    case "message":
    case "postback":
      return referred(event.value.referral);
    case "referral":
      return referred(event.value);
    case "optin":
      return [...optedIn(event), ...referred(event.value.referral)];
    case "echo":
      return [written(event, context.appId)];
    case "unsend":
      return [{ kind: "unsend", mid: event.value.mid }];
    case "message_edit":
      return edited(event);
    case "reaction":
      return reacted(event);
    case "pass_thread_control":
    case "take_thread_control":
      return passed(event, context);
    case "request_thread_control": {
      const app = event.value.requested_owner_app_id;
      return app === undefined ? [] : [{ kind: "thread_wanted", app }];
    }
    case "app_roles":
      return [{ kind: "app_roles", roles: rolesOf(event) }];
    case "account_linking": {
      const { status } = event.value;
      return status === "linked" || status === "unlinked" ? [{ kind: "account_link", status }] : [];
    }
    case "messaging_customer_information":
      return answered(event);
    case "policy_enforcement": {
      const { action, reason = "" } = event.value;
      return action === undefined ? [] : [{ kind: "policy", action, reason }];
    }
    case "response_feedback":
      return [{ kind: "feedback", mid: event.value.mid ?? null, feedback: JSON.stringify(event.value) }];
    case "messaging_feedback":
      return [{ kind: "feedback", mid: null, feedback: JSON.stringify(event.value) }];
    case "feed":
      return commented(event);
    default:
      return [];
  }
}

function referred(referral: Partial<EventOf<"referral">["value"]> | undefined): Effect[] {
  const { ref = null, source = null, type = null, ad_id: adId = null } = referral ?? {};
  if (ref === null && source === null && type === null && adId === null) return [];
  return [{ kind: "referral", ref, source, type, adId }];
}

function optedIn({ value }: EventOf<"optin">): Effect[] {
  const optin = optinOf(value);
  return optin ? [{ kind: "optin", optin }] : [];
}

/** The token tells the kind: it is what can be used later. */
function optinOf(value: EventOf<"optin">["value"]): OptIn | undefined {
  const { payload = null, title = null, ref = null, user_ref: userRef = null } = value;
  if (value.one_time_notif_token !== undefined) {
    return { kind: "one_time", token: value.one_time_notif_token, payload, title };
  }
  if (value.notification_messages_token !== undefined) {
    return {
      kind: "marketing",
      token: value.notification_messages_token,
      payload,
      title,
      frequency: value.notification_messages_frequency ?? null,
      timezone: value.notification_messages_timezone ?? null,
      expiresAt: value.token_expiry_timestamp ?? null,
      status: stopsNotifications(value) ? "stopped" : "active",
    };
  }
  return ref === null && userRef === null ? undefined : { kind: "plugin", ref, userRef };
}

/**
 * Who wrote a message of the page. Up to Graph v11 a message from the inbox has no `app_id`, since v12 it has the
 * inbox's; both are a person's. Meta's pages don't say what the automated answers of its own tools carry (instant reply,
 * away message). It is assumed that they come from the inbox too and can't be told from a person's; an app of Meta's with
 * an id of its own, like the one that asks the questions of lead ads, counts as an app. Another app's id is an app also
 * where ours isn't configured: our own messages are known by their mark then.
 * @see https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-echoes
 */
function written({ value }: EventOf<"echo">, appId: string | undefined): Effect {
  const { mid, metadata, app_id: app = null } = value;
  if (readMark(metadata) || (app !== null && app === appId)) return { kind: "written", by: "us", app, mid };
  return { kind: "written", by: app === null || META_INBOXES.has(app) ? "person" : "app", app, mid };
}

function edited({ value }: EventOf<"message_edit">): Effect[] {
  const { mid, text, num_edit } = value;
  if (mid === undefined || text === undefined) return [];
  const count = num_edit !== undefined && num_edit > 0 ? num_edit : 1;
  return [{ kind: "edit", mid, text, count }];
}

function reacted({ value, by }: EventOf<"reaction">): Effect[] {
  const { mid, action, reaction = null, emoji = null } = value;
  if (mid === undefined) return [];
  if (action === "unreact") return [{ kind: "reaction", mid, by, reaction: null, emoji: null }];
  if (action !== "react") return [];
  // Meta's word for what has no name: without it this would read as taken back.
  return [{ kind: "reaction", mid, by, reaction: reaction ?? (emoji === null ? "other" : null), emoji }];
}

/**
 * Without an id of our own, a thread passed to someone by an event on `messaging` was passed to us: Meta tells the app
 * that gets it, and puts on `standby` what isn't for us.
 */
function passed(
  { type, value }: EventOf<"pass_thread_control" | "take_thread_control">,
  { channel, appId }: Context,
): Effect[] {
  const { new_owner_app_id: next, previous_owner_app_id: previous = null } = value;
  if (next === undefined) return [];
  const name = (app: string | null) => (app !== null && app === appId ? "bot" : app);
  const isForUs =
    appId === undefined &&
    type === "pass_thread_control" &&
    channel === "messaging" &&
    next !== null &&
    !META_INBOXES.has(next);
  return [{ kind: "thread", owner: isForUs ? "bot" : name(next), previous: name(previous) }];
}

function rolesOf({ value }: EventOf<"app_roles">): Record<string, string[]> {
  const roles = Object.entries(value).map(([app, names]): [string, string[]] => [
    app,
    Array.isArray(names) ? names.filter((name) => typeof name === "string") : [],
  ]);
  return Object.fromEntries(roles);
}

function answered({ value }: EventOf<"messaging_customer_information">): Effect[] {
  const answers = (value.screens ?? [])
    .flatMap(({ responses }) => responses ?? [])
    .map(({ key, value: answer }) => ({ key, value: answer }));
  return answers.length === 0 ? [] : [{ kind: "contact", answers }];
}

function commented({ value }: EventOf<"feed">): Effect[] {
  const { item, comment_id: id, post_id: post = null, verb } = value;
  if (item !== "comment" || id === undefined || verb === undefined) return [];
  return [{ kind: "comment", id, post, verb }];
}
