import { STATE_MAX_BYTES } from "./limits.ts";
import type { BotAnswer } from "./work.ts";

/** What there is one of in a conversation. */
export interface Facts {
  state: string | null;
  stateVersion: number;
  stateRefused: StateRefusal | null;
  owner: string;
}

/** Why the state a bot left was not taken; the stored one stays. */
type StateRefusal = "stale_version" | "too_large";

const FRESH: Facts = { state: null, stateVersion: 0, stateRefused: null, owner: "bot" };

export function readFacts(sql: SqlStorage): Facts {
  const [row] = sql
    .exec<{ state: string | null; stateVersion: number; stateRefused: StateRefusal | null; owner: string }>(
      "SELECT state, state_version AS stateVersion, state_refused AS stateRefused, owner FROM fact",
    )
    .toArray();
  return row ?? FRESH;
}

export function writeFacts(sql: SqlStorage, facts: Facts): void {
  sql.exec(
    `INSERT INTO fact (only, state, state_version, state_refused, owner) VALUES (1, ?, ?, ?, ?)
     ON CONFLICT (only) DO UPDATE SET state = excluded.state, state_version = excluded.state_version,
       state_refused = excluded.state_refused, owner = excluded.owner`,
    facts.state,
    facts.stateVersion,
    facts.stateRefused,
    facts.owner,
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
  if (new TextEncoder().encode(answer.state).length > STATE_MAX_BYTES)
    return { ...facts, owner, stateRefused: "too_large" };
  if (answer.stateVersion !== undefined && answer.stateVersion !== facts.stateVersion) {
    return { ...facts, owner, stateRefused: "stale_version" };
  }
  return { state: answer.state, stateVersion: facts.stateVersion + 1, stateRefused: null, owner };
}
