/**
 * What a check can find. The codes are stable: whoever is alarmed by them goes by these, docs/operations.md tells of each.
 */
export interface Problem {
  code: ProblemCode;
  /** What it is about, where that isn't clear: a permission, fields, an address, a day. */
  about?: string;
  /** Meta's words, without any token. */
  reason?: string;
  /** It was there, and has been put right. */
  isRepaired?: true;
}

/** `off`: switched off, and left alone. */
export type CheckState = "ok" | "repaired" | "warning" | "trouble" | "off";

interface Kind {
  level: "trouble" | "warning";
  says: (about: string) => string;
  /** What to do. */
  remedy: string;
}

const CONNECT_AGAIN = "Connect the page again, with a new token.";

const KINDS = {
  // Of an app.
  app_id_required: {
    level: "warning",
    says: () => "The app has no id here, and without it Meta can't be asked about it.",
    remedy: "Set META_APP_ID.",
  },
  app_secret_wrong: {
    level: "trouble",
    says: () => "Meta doesn't take the app's id and secret.",
    remedy:
      "Set META_APP_SECRET (or the app's in META_APPS) to the secret in App settings › Basic, the current one first.",
  },
  app_not_subscribed: {
    level: "trouble",
    says: (object) => `The app has no webhook for ${object}: no event of any of its pages arrives.`,
    remedy:
      "Set PUBLIC_URL, and the next check subscribes it; or subscribe it in the app's dashboard, under Webhooks.",
  },
  callback_elsewhere: {
    level: "trouble",
    says: (url) => `The app's events go to ${url}.`,
    remedy:
      "If they are meant to come here, run setup again. It is never taken back by itself, lest two gateways fight over an app.",
  },
  callback_unverified: {
    level: "trouble",
    says: (url) => `Meta called ${url}, and the handshake didn't come back.`,
    remedy: "See that PUBLIC_URL is this gateway, and can be reached from outside.",
  },
  // Of a page.
  token_unreadable: {
    level: "trouble",
    says: () => "The page's token is kept sealed, and the key that opens it is gone.",
    remedy: "Put the former key back into SEALING_KEY, after the new one; or connect the page again.",
  },
  token_invalid: {
    level: "trouble",
    says: () => "The page's token is no longer good.",
    remedy: CONNECT_AGAIN,
  },
  token_type: {
    level: "trouble",
    says: (type) => `What is set as the page's token is a token of type ${type}.`,
    remedy: "Set the page's own token.",
  },
  token_of_other_page: {
    level: "trouble",
    says: (page) => `The token is that of page ${page}.`,
    remedy: "Set this page's own token.",
  },
  token_of_other_app: {
    level: "trouble",
    says: (app) => `The token was not made with the page's app, but with ${app}.`,
    remedy: "Give the page that app by the setting app_id; or make a token with this one.",
  },
  token_expires_soon: {
    level: "warning",
    says: (day) => `The page's token is good until ${day}.`,
    remedy: `${CONNECT_AGAIN} A page's token that is made from a long-lived one of a person doesn't expire.`,
  },
  data_access_expires_soon: {
    level: "warning",
    says: (day) => `The app may see the data of whoever made the page's token until ${day}.`,
    remedy: "Let that person log in again: connect the page once more.",
  },
  permission_missing: {
    level: "trouble",
    says: (permission) => `The page's token lacks ${permission}.`,
    remedy:
      "Connect the page again, and grant it. Meta must have approved it for the app, unless the person has a role in it.",
  },
  page_blocked: {
    level: "trouble",
    says: () => "Meta has blocked the page for a while.",
    remedy: "Read what Meta says to the page's admins.",
  },
  not_subscribed: {
    level: "trouble",
    says: () => "The app isn't subscribed to the page: none of its events arrive.",
    remedy: "See why Meta refuses it; connecting the page again subscribes it.",
  },
  fields_missing: {
    level: "warning",
    says: (fields) => `Not subscribed to ${fields}.`,
    remedy:
      "Without PUBLIC_URL an app can't be subscribed from here; else see why Meta refuses it: a field may need a permission.",
  },
  meta_refused: {
    level: "trouble",
    says: () => "Meta refuses to be asked about it.",
    remedy: "Its words say why.",
  },
  // Of the check.
  graph_unreachable: {
    level: "warning",
    says: () => "The last check got no telling answer from Meta; this is how it was before.",
    remedy: "Nothing, unless it stays: then see Meta's status page.",
  },
  check_failed: {
    level: "warning",
    says: () => "The last check broke off in the gateway itself; this is how it was before.",
    remedy: "Nothing, unless it stays: then look for check_failed in the log.",
  },
} as const satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof KINDS;

/** The code with what belongs to it, where clients tell cases apart by that. */
export const nameOf = ({ code, about }: Problem): string =>
  code === "permission_missing" ? `${code}:${about ?? ""}` : code;

export function tell(problem: Problem): { detail: string; remedy: string } {
  const { says, remedy }: Kind = KINDS[problem.code];
  const words = problem.reason === undefined ? "" : ` (Meta: ${problem.reason})`;
  return { detail: says(problem.about ?? "") + words, remedy };
}

/** Without these nothing arrives that people write. */
const VITAL_FIELD = /\bmessages\b/;

function levelOf({ code, about = "", isRepaired }: Problem): CheckState {
  if (isRepaired) return "repaired";
  return code === "fields_missing" && VITAL_FIELD.test(about) ? "trouble" : KINDS[code].level;
}

/** From the best to the worst. */
const STATES: readonly CheckState[] = ["ok", "repaired", "warning", "trouble"];

/** How things are with what has these problems: as the worst of them says. */
export const stateOf = (problems: readonly Problem[]): CheckState =>
  problems.map(levelOf).reduce((a, b) => (STATES.indexOf(a) < STATES.indexOf(b) ? b : a), "ok");
