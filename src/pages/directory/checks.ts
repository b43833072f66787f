import { type CheckState, nameOf, type Problem, stateOf } from "../../self-check/problems.ts";
import type { ListedChannel } from "./channels.ts";
import {
  appSubject,
  type Check,
  type CheckDue,
  type CheckList,
  type CheckNote,
  type CheckPage,
  type PageCheck,
  pageSubject,
} from "./check.ts";

/** How apps and pages were when they were checked last (src/self-check). */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS checked (
    subject TEXT PRIMARY KEY,      -- app:<id> | page:<id>
    tried_at INTEGER NOT NULL,     -- ms; its last turn
    checked_at INTEGER,            -- ms; when it was last seen how things are
    state TEXT,                    -- ok | repaired | warning | trouble | off
    problems TEXT NOT NULL,        -- JSON: [{code, about?, reason?, isRepaired?}]
    since INTEGER,                 -- ms; when the state began
    missed TEXT,                   -- JSON: why the last turn told nothing
    fields TEXT NOT NULL           -- JSON: {page?, instagram?}: fields that were subscribed
  ) STRICT, WITHOUT ROWID;
`;

type Row = {
  subject: string;
  tried_at: number;
  checked_at: number | null;
  state: CheckState | null;
  problems: string;
  since: number | null;
  missed: string | null;
  fields: string;
};

/** As lists show them: what needs somebody first. */
const ORDER: readonly (CheckState | "unknown")[] = ["trouble", "warning", "unknown", "repaired", "ok", "off"];

export class Checks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /**
   * Whose turn it is: those whose last was longest ago, whoever of equals, so that all come round; half of the turns go to
   * those in trouble. Forgets pages that are no longer served.
   * @param secrets the pages in the deployment's secrets
   */
  due(channels: readonly ListedChannel[], secrets: readonly string[], atMost: number): CheckDue {
    const { apps, pages } = this.#served(channels, secrets);
    this.#forget(pages);
    const byTurn = pages
      .map((one) => ({ one, at: one.check?.triedAt ?? 0, tie: Math.random() }))
      .sort((a, b) => a.at - b.at || a.tie - b.tie)
      .map(({ one }) => one);
    const troubled = byTurn.filter(isTroubled).slice(0, Math.ceil(atMost / 2));
    const chosen = [...new Set([...troubled, ...byTurn])].slice(0, atMost);
    return { apps, pages: chosen, instagramApps: instagramApps(pages) };
  }

  /** One page alone, if it is served. */
  one(channels: readonly ListedChannel[], secrets: readonly string[], page: string): CheckDue {
    const { apps, pages } = this.#served(channels, secrets);
    return {
      apps,
      pages: pages.filter((one) => one.page === page),
      instagramApps: instagramApps(pages),
    };
  }

  /**
   * Some of the pages, those in trouble first.
   * @param only the pages that may be seen; `null`: all
   * @param after where to go on, as an earlier answer said
   */
  list(
    channels: readonly ListedChannel[],
    secrets: readonly string[],
    only: readonly string[] | null,
    after: string | null,
    limit: number,
  ): CheckPage {
    const { apps, pages } = this.#served(channels, secrets);
    const counts = { ok: 0, repaired: 0, warning: 0, trouble: 0, off: 0, unknown: 0 };
    const placed = pages
      .filter(({ page }) => only === null || only.includes(page))
      .map((one) => {
        const state = one.check?.state ?? "unknown";
        counts[state]++;
        return { one, place: `${ORDER.indexOf(state)}.${one.page}` };
      })
      .sort((a, b) => (a.place < b.place ? -1 : 1))
      .filter(({ place }) => after === null || place > after);
    const shown = placed.slice(0, limit);
    return {
      apps,
      pages: shown.map(({ one }) => one),
      next: placed.length > shown.length ? (shown.at(-1)?.place ?? null) : null,
      counts,
    };
  }

  /** @returns the subjects that have other problems now */
  note(notes: readonly CheckNote[]): string[] {
    return notes.filter((one) => this.#note(one)).map(({ subject }) => subject);
  }

  #note({ subject, at, finding }: CheckNote): boolean {
    const [row] = this.#sql.exec<Row>("SELECT * FROM checked WHERE subject = ?", subject).toArray();
    const before = row ? checkIn(row) : NEVER;
    if (finding.kind === "missed") {
      this.#put(subject, { ...before, triedAt: at, missed: finding.problem });
      return false;
    }
    const problems = finding.kind === "off" ? [] : finding.problems;
    const state = finding.kind === "off" ? "off" : stateOf(problems);
    const fields = finding.kind === "off" ? {} : finding.fields;
    this.#put(subject, {
      triedAt: at,
      checkedAt: at,
      state,
      problems,
      since: state === before.state ? before.since : at,
      missed: null,
      fields: { ...before.fields, ...fields },
    });
    return openIn(problems) !== openIn(before.problems);
  }

  #put(subject: string, check: Check): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO checked
         (subject, tried_at, checked_at, state, problems, since, missed, fields)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      subject,
      check.triedAt,
      check.checkedAt,
      check.state,
      JSON.stringify(check.problems),
      check.since,
      check.missed && JSON.stringify(check.missed),
      JSON.stringify(check.fields),
    );
  }

  #served(channels: readonly ListedChannel[], secrets: readonly string[]): CheckList {
    const rows = this.#sql.exec<Row>("SELECT * FROM checked").toArray();
    const checks = new Map(rows.map((row) => [row.subject, checkIn(row)]));
    const inSecrets = new Set(secrets);
    const listed = new Set(channels.map(({ sourceChannelId }) => sourceChannelId));
    const pages = [
      ...channels
        .filter(
          ({ isConnected, tokenIn, sourceChannelId }) =>
            isConnected && (tokenIn === "object" || inSecrets.has(sourceChannelId)),
        )
        .map((channel) => ({ page: channel.sourceChannelId, channel })),
      ...secrets.filter((page) => !listed.has(page)).map((page) => ({ page, channel: null })),
    ];
    const prefix = appSubject("");
    return {
      apps: new Map(
        [...checks].flatMap(([subject, check]) =>
          subject.startsWith(prefix) ? [[subject.slice(prefix.length), check] as const] : [],
        ),
      ),
      pages: pages.map((one) => ({ ...one, check: checks.get(pageSubject(one.page)) ?? null })),
    };
  }

  #forget(served: readonly PageCheck[]): void {
    const kept = new Set(served.map(({ page }) => pageSubject(page)));
    const prefix = pageSubject("");
    for (const { subject } of this.#sql.exec<{ subject: string }>("SELECT subject FROM checked").toArray()) {
      if (subject.startsWith(prefix) && !kept.has(subject)) {
        this.#sql.exec("DELETE FROM checked WHERE subject = ?", subject);
      }
    }
  }
}

const NEVER: Check = {
  triedAt: 0,
  checkedAt: null,
  state: null,
  problems: [],
  since: null,
  missed: null,
  fields: {},
};

const checkIn = (row: Row): Check => ({
  triedAt: row.tried_at,
  checkedAt: row.checked_at,
  state: row.state,
  problems: JSON.parse(row.problems),
  since: row.since,
  missed: row.missed === null ? null : JSON.parse(row.missed),
  fields: JSON.parse(row.fields),
});

const isTroubled = ({ check }: PageCheck): boolean => check?.state === "trouble";

const instagramApps = (pages: readonly PageCheck[]): (string | null)[] => [
  ...new Set(pages.flatMap(({ channel }) => (channel?.source === "instagram" ? [channel.appId] : []))),
];

/** The problems that are still there. */
const openIn = (problems: readonly Problem[]): string =>
  problems
    .filter(({ isRepaired }) => !isRepaired)
    .map(nameOf)
    .join();
