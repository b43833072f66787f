import { missingScopes, NEEDED_SCOPES } from "../channels/page-token.ts";
import type { TokenFacts } from "../graph/app-token.ts";
import type { Source } from "../pages/channel.ts";
import type { Problem, ProblemCode } from "./problems.ts";

/** Whose a token should be. */
export interface TokenOwner {
  appId: string;
  source: Source;
  /** The page's id; on Instagram that of the page behind the account. */
  facebookPage: string;
  /** The page's or the account's. */
  channel: string;
}

/** How long ahead it is told that something expires, ms: two weeks, so that nobody has to hurry. */
const SOON_MS = 14 * 24 * 60 * 60_000;

/** Meta's words for a token that another app made. */
const OTHER_APP = /did not match the viewing app/i;

/** What is wrong with a page's token, by what Meta tells of it. Pure. @param now ms */
export function tokenProblems(facts: TokenFacts, owner: TokenOwner, now: number): Problem[] {
  const { isValid, type, appId, profileId, complaint } = facts;
  if ((appId !== null && appId !== owner.appId) || OTHER_APP.test(complaint ?? "")) {
    const isNamed = appId !== null && appId !== owner.appId;
    return [{ code: "token_of_other_app", about: isNamed ? `app ${appId}` : "another" }];
  }
  if (!isValid) return [{ code: "token_invalid", ...(complaint === null ? {} : { reason: complaint }) }];
  if (type !== "PAGE") return [{ code: "token_type", about: type || "unknown" }];
  if (profileId !== null && profileId !== owner.facebookPage) {
    return [{ code: "token_of_other_page", about: profileId }];
  }
  const targets = [owner.facebookPage, owner.channel];
  return [
    ...missingScopes(facts, NEEDED_SCOPES[owner.source], targets).map((about) => ({
      code: "permission_missing" as const,
      about,
    })),
    ...ending("token_expires_soon", facts.expiresAt, now),
    ...ending("data_access_expires_soon", facts.dataAccessExpiresAt, now),
  ];
}

function ending(code: ProblemCode, at: number | null, now: number): Problem[] {
  if (at === null || at > now + SOON_MS) return [];
  return [{ code, about: new Date(at).toISOString().slice(0, 10) }];
}

/** With these a token says nothing of the page it should be for. */
const USELESS = new Set<ProblemCode>([
  "token_invalid",
  "token_type",
  "token_of_other_page",
  "token_of_other_app",
  "app_secret_wrong",
]);

export const isUseless = (problems: readonly Problem[]): boolean =>
  problems.some(({ code }) => USELESS.has(code));

/** Problems that need a person to connect the page anew, with what its bot is told. */
const NEEDS_REAUTH: ReadonlyMap<ProblemCode, string> = new Map<ProblemCode, string>([
  ["token_invalid", "token_refused"],
  ["token_unreadable", "token_unreadable"],
  ["token_type", "token_type"],
  ["token_of_other_page", "token_of_other_page"],
  ["token_of_other_app", "token_of_other_app"],
  ["permission_missing", "permission_missing"],
]);

/** Why someone must connect the page anew; `undefined`: nobody must. */
export function reauthReason(problems: readonly Problem[]): string | undefined {
  for (const { code } of problems) {
    const reason = NEEDS_REAUTH.get(code);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
