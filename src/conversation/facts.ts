import { bytesOf } from "../utf8.ts";
import { STATE_MAX_BYTES } from "./limits.ts";
import type { BotAnswer } from "./work.ts";

/** What there is one of in a conversation. */
export interface Facts {
  state: string | null;
  stateVersion: number;
  stateRefused: StateRefusal | null;
  owner: string;
  /** Watermarks, ms: what was sent until then has been delivered to the user, or read. */
  deliveredAt: number;
  readAt: number;
}

/** Why the state a bot left was not taken; the stored one stays. */
type StateRefusal = "stale_version" | "too_large";

export const FRESH_FACTS: Facts = {
  state: null,
  stateVersion: 0,
  stateRefused: null,
  owner: "bot",
  deliveredAt: 0,
  readAt: 0,
};

export function readFacts(sql: SqlStorage): Facts {
  const [row] = sql
    .exec<Facts & Record<string, SqlStorageValue>>(
      `SELECT state, state_version AS stateVersion, state_refused AS stateRefused, owner,
              delivered_at AS deliveredAt, read_at AS readAt FROM fact`,
    )
    .toArray();
  return row ?? FRESH_FACTS;
}

export function writeFacts(sql: SqlStorage, facts: Facts): void {
  sql.exec(
    `INSERT INTO fact (only, state, state_version, state_refused, owner, delivered_at, read_at)
     VALUES (1, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (only) DO UPDATE SET state = excluded.state, state_version = excluded.state_version,
       state_refused = excluded.state_refused, owner = excluded.owner, delivered_at = excluded.delivered_at,
       read_at = excluded.read_at`,
    facts.state,
    facts.stateVersion,
    facts.stateRefused,
    facts.owner,
    facts.deliveredAt,
    facts.readAt,
  );
}

/** What the bot's answer makes of the facts; the same object when it changes nothing. Pure. */
export function applyAnswer(facts: Facts, answer: BotAnswer): Facts {
  const owner = answer.handover ?? facts.owner;
  if (answer.state === undefined) {
    return owner === facts.owner && facts.stateRefused === null
      ? facts
      : { ...facts, owner, stateRefused: null };
  }
  if (bytesOf(answer.state) > STATE_MAX_BYTES) return { ...facts, owner, stateRefused: "too_large" };
  if (answer.stateVersion !== undefined && answer.stateVersion !== facts.stateVersion) {
    return { ...facts, owner, stateRefused: "stale_version" };
  }
  return { ...facts, state: answer.state, stateVersion: facts.stateVersion + 1, stateRefused: null, owner };
}
