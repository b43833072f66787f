import { DurableObject } from "cloudflare:workers";
import type { Letter, Work } from "../conversation/work.ts";
import { configOf } from "../env.ts";
import type { ConversationId } from "../ids.ts";
import { DeadLetters, type LetterPage } from "./dead-letters.ts";
import { countFailure, freshTally, probing, type Shut, type Side, type Trouble, type Way } from "./gate.ts";
import { Gates } from "./gates.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Conversations woken in one go when a gate opens; the next go follows at once. */
const WAKE_AT_ONCE = 50;

/**
 * What conversations of a page share: whether its bot and Graph can be reached, who waits for that, and its dead letters.
 * Heard of only when there is trouble: nothing in an ordinary exchange comes here.
 */
export class Page extends DurableObject<Cloudflare.Env> {
  readonly #gates: Gates;
  readonly #letters: DeadLetters;
  /** Lost with the object's memory, which costs at most a few more failures before the gate is shut. */
  #tally = freshTally();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#gates = new Gates(ctx.storage.sql);
    this.#letters = new DeadLetters(ctx.storage.sql);
  }

  /**
   * A conversation couldn't get through. If the gate is shut (now), it will be woken when it opens; otherwise it goes on
   * by its own schedule, lest one whose events are at fault be tried at every turn.
   * @returns the gate, if it is shut
   */
  async trouble(side: Side, trouble: Trouble): Promise<Shut | null> {
    const now = Date.now();
    const shut = this.#gates.shut(side);
    if (shut && shut.reason === trouble.reason) {
      this.#gates.wait(side, trouble.conversation);
      // A probe that failed puts the next one off. From others, only a longer wait that Meta asks for is news.
      const probes = shut.probes + (trouble.isProbe ? 1 : 0);
      const waitMs = trouble.isProbe
        ? probing(shut.reason, probes, trouble.afterMs).waitMs
        : (trouble.afterMs ?? 0);
      const next = { ...shut, probes, until: Math.max(shut.until, now + waitMs) };
      if (next.until > shut.until) await this.#shut(side, next);
      return next;
    }
    if (trouble.reason === "bot_failing" && !countFailure(this.#tally, trouble, now)) return null;
    this.#gates.wait(side, trouble.conversation);
    const { waitMs } = probing(trouble.reason, 0, trouble.afterMs);
    const next = { reason: trouble.reason, until: now + waitMs, probes: 0 };
    await this.#shut(side, next);
    console.warn({ event: "gate_shut", page: this.ctx.id.name, side, reason: trouble.reason });
    return next;
  }

  /** A conversation waits at a gate that its isolate takes for shut. @returns the gate, if it is */
  async waits(side: Side, conversation: string): Promise<Shut | null> {
    this.#gates.wait(side, conversation);
    const shut = this.#gates.shut(side);
    if (!shut) await this.#wakeSoon();
    return shut;
  }

  /** Something got through after trouble: the gate opens, and everyone who waits is woken. */
  async free(side: Side): Promise<void> {
    if (side === "bot") this.#tally = freshTally();
    if (this.#gates.open(side)) console.warn({ event: "gate_opened", page: this.ctx.id.name, side });
    if (this.#gates.someWait(side)) await this.#wakeSoon();
  }

  /** Takes note of dead letters, and of those that were brought back. */
  note(conversation: ConversationId, letters: Letter[]): void {
    const settings = configOf(this.env);
    if (settings.ok) this.#letters.forget(Date.now() - settings.config.retentionDays * DAY_MS);
    for (const letter of letters) {
      if (letter.outcome === "dead") this.#letters.add(conversation, letter);
      else this.#letters.remove(letter.delivery);
    }
  }

  deadLetters(before: number | null, limit: number): LetterPage {
    return this.#letters.list(before, limit);
  }

  deadLetter(delivery: string): { conversation: string } | null {
    return this.#letters.find(delivery);
  }

  deadLettersSince(
    at: number,
    after: number,
    limit: number,
  ): { seq: number; conversation: string; delivery: string }[] {
    return this.#letters.since(at, after, limit);
  }

  /** Tries the gates that are due, and wakes those who wait at open ones. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    for (const side of ["bot", "graph"] as const) {
      const shut = this.#gates.shut(side);
      if (!shut) await this.#wake(side, this.#gates.takeWaiting(side, WAKE_AT_ONCE), "woken");
      else if (shut.until <= now && !this.#gates.someWait(side)) this.#gates.open(side);
      else if (shut.until <= now) {
        const { count, waitMs } = probing(shut.reason, shut.probes + 1, undefined);
        await this.#shut(side, { ...shut, until: now + waitMs });
        await this.#wake(side, this.#gates.peekWaiting(side, count), "probe");
      }
    }
    await this.#arm();
  }

  /** Takes what waits in these conversations to a Dispatcher, past the gate. */
  async #wake(side: Side, conversations: ConversationId[], way: Way): Promise<void> {
    await Promise.all(
      conversations.map(async (id) => {
        try {
          const work: Work[] = await this.env.CONVERSATION.getByName(id).take(
            side === "bot" ? "deliver" : "send",
          );
          if (work.length > 0) await this.ctx.exports.Dispatcher.run(id, work, way);
          else if (way === "probe") this.#gates.leave(side, id);
        } catch (error) {
          // It is still known to wait on its own account: its alarm tries again.
          console.error({ event: "not_woken", conversation: id, error: String(error) });
        }
      }),
    );
  }

  async #shut(side: Side, shut: Shut & { probes: number }): Promise<void> {
    this.#gates.set(side, shut);
    await this.#arm();
  }

  async #wakeSoon(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 1);
  }

  async #arm(): Promise<void> {
    const now = Date.now();
    const dues = (["bot", "graph"] as const).map((side) => {
      const shut = this.#gates.shut(side);
      if (shut) return shut.until;
      return this.#gates.someWait(side) ? now : Number.POSITIVE_INFINITY;
    });
    const due = Math.min(...dues);
    if (Number.isFinite(due)) await this.ctx.storage.setAlarm(Math.max(due, now + 1));
  }
}
