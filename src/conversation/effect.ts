/**
 * What an event means for its conversation beyond being delivered: what is to be noted of it. Crosses the RPC border:
 * plain data only. Absent is `null`; ids are strings; times are ms.
 */
export type Effect =
  /** A reaction to a message, `null` and `null` when it was taken back. */
  | { kind: "reaction"; mid: string; by: "user" | "page"; reaction: string | null; emoji: string | null }
  /** A message has a new text; `count` is how often it was edited, from 1. */
  | { kind: "edit"; mid: string; text: string; count: number }
  /** A message was taken back. Meta's terms ask for its stored copies to be deleted too. */
  | { kind: "unsend"; mid: string }
  /** The thread has an owner by Meta's word: `bot` (our app), or another app's id; `null` is an idle thread. */
  | { kind: "thread"; owner: "bot" | string | null; previous: "bot" | string | null }
  /** Another app asks for the thread. */
  | { kind: "thread_wanted"; app: string }
  /** By app id. */
  | { kind: "app_roles"; roles: Record<string, string[]> }
  /** How the user came here. At least one of the four is known. */
  | {
      kind: "referral";
      ref: string | null;
      source: string | null;
      type: string | null;
      adId: string | null;
    }
  | { kind: "optin"; optin: OptIn }
  /** The authorization code is left to the bot: nothing here needs it. */
  | { kind: "account_link"; status: "linked" | "unlinked" }
  /** What the user typed into a form. Personal data: never logged. */
  | { kind: "contact"; answers: { key: string; value: string }[] }
  /** Meta warns, blocks or unblocks the page; the reason is empty where Meta gives none. */
  | { kind: "policy"; action: "warning" | "block" | "unblock" | string; reason: string }
  /** The user's judgement, as JSON text; `mid` where it is of one message. */
  | { kind: "feedback"; mid: string | null; feedback: string }
  /** A comment under a post: once it is added it can be answered privately, when it is removed no more. */
  | { kind: "comment"; id: string; post: string | null; verb: string }
  /** A message the page sent. `app` is the sending app's id where Meta names one. */
  | { kind: "written"; by: "us" | "app" | "person"; app: string | null; mid: string };

/** What an opt-in permits. Tokens open the way to the user outside the 24-hour window: secrets, never logged. */
export type OptIn =
  /** One message, within a year. */
  | { kind: "one_time"; token: string; payload: string | null; title: string | null }
  /** Messages about one topic, which payload and title name, while `active` and until `expiresAt` (ms). */
  | {
      kind: "marketing";
      token: string;
      payload: string | null;
      title: string | null;
      frequency: string | null;
      timezone: string | null;
      expiresAt: number | null;
      status: "active" | "stopped";
    }
  /** A plugin's button or checkbox; with the checkbox the user is known by `userRef` alone. */
  | { kind: "plugin"; ref: string | null; userRef: string | null };
