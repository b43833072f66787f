import type { Finding, SubscribedFields } from "../../self-check/finding.ts";
import type { CheckState, Problem } from "../../self-check/problems.ts";
import type { ListedChannel } from "./channels.ts";

/** Checks as the directory tells of them, and as it is told. */

export interface Check {
  triedAt: number;
  checkedAt: number | null;
  /** `null`: it was never seen how things are. */
  state: CheckState | null;
  problems: Problem[];
  since: number | null;
  missed: Problem | null;
  fields: SubscribedFields;
}

/** A page that is served, with how it was. */
export interface PageCheck {
  page: string;
  /** `null`: it is in the secrets, and nothing more is known. */
  channel: ListedChannel | null;
  check: Check | null;
}

/** Pages with the apps they are under. */
export interface CheckList {
  /** By app id. */
  apps: Map<string, Check>;
  pages: PageCheck[];
}

export interface CheckDue extends CheckList {
  /** The apps that have Instagram accounts; `null`: those accounts name none. */
  instagramApps: (string | null)[];
}

export interface CheckPage extends CheckList {
  /** Where to go on; `null`: that was all. */
  next: string | null;
  /** How many pages are in which state. */
  counts: Record<CheckState | "unknown", number>;
}

export interface CheckNote {
  /** As `appSubject` and `pageSubject` have it. */
  subject: string;
  at: number;
  finding: Finding;
}

export const appSubject = (app: string): string => `app:${app}`;
export const pageSubject = (page: string): string => `page:${page}`;
