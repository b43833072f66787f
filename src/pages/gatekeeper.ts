import type { ConversationId } from "../ids.ts";
import {
  countFailure,
  freshTally,
  probing,
  type Shut,
  SIDES,
  type Side,
  type Tally,
  type Trouble,
  type Way,
} from "./gate.ts";
import { Gates } from "./gates.ts";

const DAY_MS = 24 * 60 * 60_000;
/** When those who were busy are asked again, ms: their runs have reported by then, or soon after. */
const BUSY_RETRY_MS = 2_000;
/** A probe has reported by then, or is lost, ms: as long as a lease. */
const PROBE_MS = 30_000;
/** Those who are asked for something to probe with. */
const CANDIDATES = 20;
/** Conversations woken in one go when a gate opens; the next go follows at once. */
const WAKE_AT_ONCE = 50;

/**
 * Takes what waits in a conversation past a gate. `busy`: something of it is out, or waits for something else; `idle`:
 * there is nothing.
 */
type Take = (side: Side, conversation: ConversationId, way: Way) => Promise<"working" | "busy" | "idle">;

/**
 * Shuts a page's gates when there is trouble, has a few of those who wait try whether they open, and wakes everyone when
 * they do (docs/architecture.md, "Gates").
 */
export class Gatekeeper {
  readonly #gates: Gates;
  readonly #take: Take;
  /** Lost with the object's memory, which costs at most a few more failures before the gate is shut. */
  readonly #tallies = new Map<Side, Tally>();
  readonly #page: string | undefined;

  constructor(sql: SqlStorage, page: string | undefined, take: Take) {
    this.#gates = new Gates(sql);
    this.#page = page;
    this.#take = take;
  }

  /**
   * A conversation couldn't get through. If the gate is shut (now), it will be woken when it opens; otherwise it goes on
   * by its own schedule, lest one whose events are at fault be tried at every turn.
   * @returns the gate, if it is shut, and whether it is for another reason than before
   */
  trouble(side: Side, trouble: Trouble, now: number): { shut: Shut | null; isNews: boolean } {
    const shut = this.#gates.shut(side);
    const isShut =
      trouble.reason !== "bot_failing" || shut !== null || countFailure(this.#tally(side), trouble, now);
    if (!isShut) return { shut: null, isNews: false };
    this.#gates.wait(side, trouble.conversation);
    const afterMs = trouble.afterMs === undefined ? undefined : Math.min(trouble.afterMs, DAY_MS);
    if (shut && (shut.reason === trouble.reason || shut.reason === "bot_gone")) {
      // A probe's result says when to try again. From others, only a longer wait that was asked for is news.
      const until =
        trouble.isProbe && shut.reason === trouble.reason
          ? now + (afterMs ?? probing(shut.reason, shut.probes, undefined).waitMs)
          : Math.max(shut.until, now + (afterMs ?? 0));
      if (until !== shut.until) this.#gates.set(side, { ...shut, until });
      return { shut: { ...shut, until }, isNews: false };
    }
    const { waitMs } = probing(trouble.reason, 0, afterMs);
    // Who is asked at all isn't switched off any more, whatever its page has heard.
    const before = shut === null || shut.reason === "bot_off" ? 0 : shut.until;
    const next = { reason: trouble.reason, until: Math.max(before, now + waitMs), probes: 0 };
    this.#gates.set(side, next);
    console.warn({ event: "gate_shut", page: this.#page, side, reason: trouble.reason });
    return { shut: next, isNews: true };
  }

  /** A conversation comes to a gate that its isolate takes for shut, and waits if it is. @returns the gate, if it is */
  waits(side: Side, conversation: string): Shut | null {
    const shut = this.#gates.shut(side);
    if (shut) this.#gates.wait(side, conversation);
    return shut;
  }

  /** The gate opens. */
  free(side: Side): void {
    this.#tallies.delete(side);
    this.#open(side);
  }

  shut(side: Side): Shut | null {
    return this.#gates.shut(side);
  }

  /** The gate is tried at the next chance. */
  tryNow(side: Side, now: number): void {
    const shut = this.#gates.shut(side);
    if (shut) this.#gates.set(side, { ...shut, until: now });
  }

  forgetConversation(conversation: ConversationId): void {
    this.#gates.forgetConversation(conversation);
  }

  /** Tries the gates that are due and wakes those who wait at open ones. @returns when to wake the next, ms */
  async tend(now: number): Promise<number> {
    let someBusy = false;
    for (const side of SIDES) {
      const shut = this.#gates.shut(side);
      if (!shut) {
        const woken = this.#gates.takeWaiting(side, WAKE_AT_ONCE);
        const taken = await Promise.all(woken.map((id) => this.#takeFrom(side, id, "woken")));
        someBusy ||= taken.includes("busy");
      } else if (shut.until <= now && !this.#gates.someWait(side)) this.#open(side);
      else if (shut.until <= now) await this.#probe(side, shut, now);
    }
    return someBusy ? now + BUSY_RETRY_MS : now;
  }

  /** When something is to be done next, ms. @param wakeAt when those who wait at an open gate are woken, ms */
  nextDue(wakeAt: number): number {
    const dues = SIDES.map((side) => {
      const shut = this.#gates.shut(side);
      if (shut) return shut.until;
      return this.#gates.someWait(side) ? wakeAt : Number.POSITIVE_INFINITY;
    });
    return Math.min(...dues);
  }

  /** Lets a few of those who wait try whether the gate opens: the first who have something to try it with. */
  async #probe(side: Side, shut: Shut & { probes: number }, now: number): Promise<void> {
    const probes = shut.probes + 1;
    const { count } = probing(shut.reason, probes, undefined);
    let trying = 0;
    for (const id of this.#gates.peekWaiting(side, CANDIDATES)) {
      if (trying < count && (await this.#takeFrom(side, id, "probe")) === "working") trying++;
    }
    // Their results say when it is tried again; should they get lost, or all be busy, it is tried all the same.
    if (trying > 0) this.#gates.set(side, { ...shut, probes, until: now + PROBE_MS });
    else this.#gates.set(side, { ...shut, until: now + BUSY_RETRY_MS });
  }

  async #takeFrom(side: Side, id: ConversationId, way: Way): Promise<"working" | "busy" | "idle"> {
    const taken = await this.#take(side, id, way);
    // Its run may be about to report that it was put off: it must not miss that the gate is open.
    if (taken === "busy") this.#gates.wait(side, id);
    if (taken === "idle") this.#gates.leave(side, id);
    return taken;
  }

  #tally(side: Side): Tally {
    const tally = this.#tallies.get(side) ?? freshTally();
    this.#tallies.set(side, tally);
    return tally;
  }

  #open(side: Side): void {
    if (this.#gates.open(side)) console.warn({ event: "gate_opened", page: this.#page, side });
  }
}
