import { bytesOf } from "../utf8.ts";
import type { Facts } from "./facts.ts";
import { STATE_MAX_BYTES } from "./limits.ts";

/** The JSON a bot leaves with a conversation, so that it needs no store of its own. Pure. */

/** A new state. */
export interface StateChange {
  /** JSON text. */
  state: string;
  /** The version it builds on; `undefined`: whatever there is. */
  version: number | undefined;
  /** How long it is kept, ms; `null`: as long as the conversation. */
  ttlMs: number | null;
}

/** The state with its version, as it is read and written by call. Crosses the RPC border: plain data only. */
export interface StateView {
  /** JSON text; `null`: none was left, or its time is over. */
  state: string | null;
  version: number;
  /** ms; `null`: it is kept as long as the conversation. */
  until: number | null;
}

/** Why a new state isn't taken, if so; and the state as it stands. */
export type StateAnswer = StateView & { refused: NonNullable<Facts["stateRefused"]> | null };

export type StateRequest =
  | (StateChange & { merge?: never })
  /** What changes, by RFC 7396 (JSON Merge Patch), as JSON text. */
  | (Omit<StateChange, "state"> & { merge: string });

/**
 * The facts as of now: a state whose time is over is none, which is another version, lest who knows the old one change
 * what isn't there any more. The same object when nothing changes.
 */
export function withoutStale(facts: Facts, now: number): Facts {
  return facts.stateUntil !== null && facts.stateUntil <= now
    ? { ...facts, state: null, stateUntil: null, stateVersion: facts.stateVersion + 1 }
    : facts;
}

/** @returns the facts with the new state, or why it isn't taken */
export function changeState(
  facts: Facts,
  { state, version, ttlMs }: StateChange,
  now: number,
): Facts | NonNullable<Facts["stateRefused"]> {
  if (bytesOf(state) > STATE_MAX_BYTES) return "too_large";
  if (version !== undefined && version !== facts.stateVersion) return "stale_version";
  const stateUntil = ttlMs === null ? null : now + ttlMs;
  return { ...facts, state, stateVersion: facts.stateVersion + 1, stateRefused: null, stateUntil };
}

/** The change a request asks for, where there is this state. */
export function changeOf(request: StateRequest, { state }: Facts): StateChange {
  if (request.merge === undefined) return request;
  const { merge, ...rest } = request;
  const merged = mergePatch(state === null ? undefined : JSON.parse(state), JSON.parse(merge));
  return { ...rest, state: JSON.stringify(merged) };
}

/** @see https://www.rfc-editor.org/rfc/rfc7396#section-2 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(isRecord(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
