import type { About } from "./about.ts";
import { FRESH_OWNERSHIP, type Ownership } from "./owner.ts";

/** What there is one of in a conversation. */
export interface Facts extends Ownership {
  /** The bot's JSON, as text. */
  state: string | null;
  stateVersion: number;
  stateRefused: StateRefusal | null;
  /** When the state is forgotten, ms; `null`: with the conversation. */
  stateUntil: number | null;
  /** Watermarks, ms: what was sent until then has been delivered to the user, or read. */
  deliveredAt: number;
  readAt: number;
  /** What Meta tells of the user, as JSON text; `null` when it isn't known or the user wants it so. */
  profile: string | null;
  /** When Meta is asked again, ms. */
  profileDue: number;
  about: About;
  /** The page's `callbacks`, as last told, with spaces between: an alarm comes without the page's rules. */
  callbacks: string;
}

/** Why the state a bot left was not taken; the stored one stays. */
type StateRefusal = "stale_version" | "too_large";

export const FRESH_FACTS: Facts = {
  ...FRESH_OWNERSHIP,
  state: null,
  stateVersion: 0,
  stateRefused: null,
  stateUntil: null,
  deliveredAt: 0,
  readAt: 0,
  profile: null,
  profileDue: 0,
  about: {},
  callbacks: "",
};

type Row = Omit<Facts, "about"> & { about: string };

export function readFacts(sql: SqlStorage): Facts {
  const [row] = sql
    .exec<Row & Record<string, SqlStorageValue>>(
      `SELECT state, state_version AS stateVersion, state_refused AS stateRefused, state_until AS stateUntil, owner, owner_by AS ownerBy,
              owner_since AS ownerSince, human_at AS humanAt, delivered_at AS deliveredAt, read_at AS readAt,
              profile, profile_due AS profileDue, about, callbacks FROM fact`,
    )
    .toArray();
  return row ? { ...row, about: JSON.parse(row.about) } : FRESH_FACTS;
}

export function writeFacts(sql: SqlStorage, facts: Facts): void {
  sql.exec(
    `INSERT INTO fact
       (only, state, state_version, state_refused, state_until, owner, owner_by, owner_since, human_at, delivered_at, read_at,
        profile, profile_due, about, callbacks)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (only) DO UPDATE SET
       state = excluded.state, state_version = excluded.state_version, state_refused = excluded.state_refused,
       state_until = excluded.state_until,
       owner = excluded.owner, owner_by = excluded.owner_by, owner_since = excluded.owner_since,
       human_at = excluded.human_at, delivered_at = excluded.delivered_at, read_at = excluded.read_at,
       profile = excluded.profile, profile_due = excluded.profile_due, about = excluded.about,
       callbacks = excluded.callbacks`,
    facts.state,
    facts.stateVersion,
    facts.stateRefused,
    facts.stateUntil,
    facts.owner,
    facts.ownerBy,
    facts.ownerSince,
    facts.humanAt,
    facts.deliveredAt,
    facts.readAt,
    facts.profile,
    facts.profileDue,
    JSON.stringify(facts.about),
    facts.callbacks,
  );
}
