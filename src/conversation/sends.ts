import { MAX_ASKED_MS, sendBackoff } from "./backoff.ts";
import { ECHO_GRACE_MS, HOLD_LIMIT_MS, MAX_LOST_LEASES, postponeMs } from "./limits.ts";
import type { Mark } from "./mark.ts";
import { firstUnsettled, type MessageState, type NewEntry, type OpenEntry } from "./position.ts";
import type { Chance, Sheet } from "./sheet.ts";
import type { SendOutcome, SendReport } from "./work.ts";

/** Why messages don't go out at all. */
export interface Refusal {
  code: string;
  reason: string;
}

export type Addition = Omit<NewEntry, "entry" | "through" | "openFrom"> & {
  refusal: Refusal | null;
  isAwaited?: boolean;
};

/** The way to the user: one message at a time, in the order they were accepted, the next when the last is settled. Pure. */
export class Sends {
  readonly #sheet: Sheet;
  readonly #chance: Chance;
  readonly #leaseMs: number;

  constructor(sheet: Sheet, chance: Chance, leaseMs: number) {
    this.#sheet = sheet;
    this.#chance = chance;
    this.#leaseMs = leaseMs;
  }

  /** Accepts what is to be sent, or an outcome without anything to send. @returns its number */
  append({ refusal, isAwaited = false, ...added }: Addition, now: number): number {
    const { position, changes } = this.#sheet;
    const seq = ++position.seq;
    const state: MessageState = refusal ? { status: "failed", ...refusal, at: now } : { status: "queued" };
    const progress = added.messages.map(() => state);
    const nonce = this.#chance.uuid().slice(0, 8);
    const lease = { attempt: 0, leased: false, due: now };
    const entry: OpenEntry = { seq, at: now, nonce, progress, ...lease, isAwaited };
    if (state.status === "failed") {
      for (const index of progress.keys()) changes.failed.push({ entry: seq, index, state });
    }
    if (state.status !== "failed" && progress.length > 0) position.open.push(entry);
    if (added.untold) {
      position.untold.push(seq);
      position.tellDue = now;
    }
    const openFrom = Math.min(position.open[0]?.seq ?? seq, position.untold[0] ?? seq);
    changes.entries.push({ ...added, entry, through: position.through, openFrom });
    return seq;
  }

  /** A send ended. @returns how the message stands now; `undefined` if the report is of no attempt that is out */
  ended(report: SendReport, now: number): MessageState | undefined {
    const entry = this.#sheet.position.open[0];
    if (!entry || !isOut(entry, report)) return undefined;
    this.#apply(entry, report.index, report.outcome, now);
    return entry.progress[report.index];
  }

  /** An echo shows that a message of ours went out, whatever became of the call that sent it. */
  echoed(mark: Mark, mid: string, now: number): void {
    const entry = this.#sheet.position.open.find((one) => one.seq === mark.entry && one.nonce === mark.nonce);
    const state = entry?.progress[mark.index];
    if (!entry || !state || state.status === "sent" || state.status === "failed") return;
    const at = entry.leased && firstUnsettled(entry) === mark.index ? entry.due - this.#leaseMs : now;
    this.#settle(entry, mark.index, { status: "sent", mid, at });
  }

  /** Takes back what hasn't been tried yet: who waits for it waits no longer. */
  withdraw(seq: number, now: number): void {
    const entry = this.#sheet.position.open.find((one) => one.seq === seq);
    if (!entry || entry.leased || entry.attempt > 0) return;
    const reason = "it waited too long behind other messages, and was not sent";
    this.#settle(entry, firstUnsettled(entry), { status: "failed", code: "withdrawn", reason, at: now });
  }

  /** Makes what waits due at once, whatever it waits for. */
  hurry(now: number): void {
    const [entry] = this.#sheet.position.open;
    // One whose outcome is unknown waits for its echo, not for the page.
    const isWaiting = entry?.progress[firstUnsettled(entry)]?.status !== "sending";
    if (entry && !entry.leased && isWaiting) entry.due = Math.min(entry.due, now);
  }

  /** Settles what is due and not to be tried again. */
  giveUp(now: number): void {
    const [entry] = this.#sheet.position.open;
    const refusal = entry && entry.due <= now ? whyNotAgain(entry) : undefined;
    if (!entry || !refusal) return;
    this.#settle(entry, firstUnsettled(entry), { status: "failed", ...refusal, at: now });
    this.giveUp(now);
  }

  /** Hands out what is due, for one attempt. */
  grant(now: number): OpenEntry | null {
    this.giveUp(now);
    const entry = this.#sheet.position.open[0];
    if (!entry || entry.due > now) return null;
    const index = firstUnsettled(entry);
    const state = entry.progress[index];
    const lost = lostOf(entry);
    // A message that is held stays so until a send succeeds or fails: its holding time goes on.
    entry.progress[index] =
      state?.status === "held" ? state : { status: "sending", failures: failuresOf(state), lost };
    entry.attempt++;
    entry.leased = true;
    entry.due = now + this.#leaseMs;
    this.#sheet.changes.open.add(entry);
    return entry;
  }

  #apply(entry: OpenEntry, index: number, outcome: SendOutcome, now: number): void {
    const state = entry.progress[index];
    if (outcome.kind === "sent") {
      // As of when it was handed out: receipts name times of Meta's, which are never earlier.
      this.#settle(entry, index, { status: "sent", mid: outcome.mid, at: entry.due - this.#leaseMs });
      return;
    }
    const failed = { status: "failed" as const, code: codeOf(outcome), reason: outcome.reason, at: now };
    const failures = failuresOf(state);
    if (entry.isAwaited && outcome.kind !== "unknown") {
      this.#settle(entry, index, failed);
      return;
    }
    if (outcome.kind === "hold") {
      const waited = now - entry.at;
      const asked = Math.min(outcome.afterMs ?? 0, MAX_ASKED_MS);
      const due = now + Math.max(asked, postponeMs(waited, this.#chance.random()));
      const { code, reason } = outcome;
      if (waited > HOLD_LIMIT_MS) this.#settle(entry, index, failed);
      else this.#wait(entry, index, { status: "held", failures, code, reason }, due);
      return;
    }
    const asked = outcome.kind === "retry" ? outcome.afterMs : undefined;
    const isFinal = outcome.kind === "failed" || (ONE_RETRY.has(failed.code) && failures > 0);
    const wait = isFinal ? undefined : sendBackoff(failures + 1, asked, this.#chance.random());
    if (wait === undefined) {
      this.#settle(entry, index, failed);
      return;
    }
    const due = now + (outcome.kind === "unknown" ? Math.max(wait, ECHO_GRACE_MS) : wait);
    const lost = state?.status === "sending" ? state.lost : 0;
    const last = { code: failed.code, reason: failed.reason };
    this.#wait(entry, index, { status: "sending", failures: failures + 1, lost, last }, due);
  }

  #settle(entry: OpenEntry, index: number, state: MessageState): void {
    const wasNext = firstUnsettled(entry) === index;
    entry.progress[index] = state;
    this.#sheet.changes.open.add(entry);
    if (state.status === "failed") this.#sheet.changes.failed.push({ entry: entry.seq, index, state });
    if (state.status === "sent") this.#sheet.changes.sent.push({ entry: entry.seq, index, state });
    if (!wasNext) return;
    Object.assign(entry, { attempt: 0, leased: false, due: 0 });
    this.#sheet.position.open = this.#sheet.position.open.filter((one) => firstUnsettled(one) !== -1);
  }

  #wait(entry: OpenEntry, index: number, state: MessageState, due: number): void {
    entry.progress[index] = state;
    entry.leased = false;
    entry.due = due;
    this.#sheet.changes.open.add(entry);
  }
}

/** Whether a report is of the attempt that is out. */
const isOut = (entry: OpenEntry, { entry: seq, index, attempt, nonce }: SendReport): boolean =>
  entry.leased &&
  entry.seq === seq &&
  entry.nonce === nonce &&
  entry.attempt === attempt &&
  firstUnsettled(entry) === index;

/** Runs that took an entry's next message and never reported, the one whose lease is over included. */
function lostOf(entry: OpenEntry): number {
  const state = entry.progress[firstUnsettled(entry)];
  return (state?.status === "sending" ? state.lost : 0) + (entry.leased ? 1 : 0);
}

function whyNotAgain(entry: OpenEntry): Refusal | undefined {
  const lost = lostOf(entry);
  // Its sender was told that nobody knows, or went away: to send it again is for them to decide.
  if (entry.isAwaited && (lost > 0 || failuresOf(entry.progress[firstUnsettled(entry)]) > 0)) {
    return { code: "outcome_unknown", reason: "Meta's answer was lost, and no echo came" };
  }
  if (lost < MAX_LOST_LEASES) return undefined;
  return { code: "run_lost_repeatedly", reason: "every run that took it was lost" };
}

/** Meta couldn't fetch a file: once may be bad luck. */
const ONE_RETRY: ReadonlySet<string> = new Set(["attachment"]);

const codeOf = (outcome: Exclude<SendOutcome, { kind: "sent" }>): string =>
  outcome.kind === "unknown" ? "outcome_unknown" : outcome.code;

const failuresOf = (state: MessageState | undefined): number =>
  state?.status === "sending" || state?.status === "held" ? state.failures : 0;
