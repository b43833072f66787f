import type { Environment } from "../environment.ts";
import type { FaultStore } from "../faults.ts";
import type { Interruption } from "../interruption.ts";
import type { Records } from "../records.ts";
import type { Attempt } from "./attempt.ts";
import type { Outbox, Post } from "./outbox.ts";
import { withPatience } from "./patience.ts";
import { nextAttemptAt } from "./schedule.ts";
import { webhookHeaders } from "./signature.ts";

/** If the object dies in the middle of a POST, its alarm takes the POST up again after this long. */
const WATCHDOG_MS = 30_000;

const ANSWER_CHARACTERS = 300;

type Answer = Pick<Attempt, "status" | "ms" | "answer" | "error">;

interface Needs {
  readonly ctx: DurableObjectState;
  readonly environment: Environment;
  /** Where the next POST goes. */
  readonly webhookUrl: () => string;
  readonly outbox: Outbox;
  readonly attempts: Records<Attempt>;
  readonly faults: FaultStore;
  readonly interruption: Interruption;
  /** Called with the user messages a POST held once the webhook answered 200. */
  readonly onAccepted: (mids: readonly string[]) => void;
}

/**
 * Posts queued events to the webhook: per page one POST at a time, in order, again and again until it gets its 200
 * or the schedule ends. Only 200 counts, redirects are not followed.
 */
export class WebhookSender {
  readonly #needs: Needs;
  /** The run under way for each page. A reset forgets them; a forgotten run writes nothing more. */
  readonly #runs = new Map<string, symbol>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Starts sending for the page, unless that is under way already. Returns at once. */
  wake(pageId: string): void {
    if (this.#runs.has(pageId)) return;
    const run = Symbol(pageId);
    this.#runs.set(pageId, run);
    this.#needs.ctx.waitUntil(this.#drain(pageId, run));
  }

  /** Takes up whatever is due on any page: after a restart, a wait, or a change of faults. */
  wakeAll(): void {
    for (const pageId of this.#needs.outbox.pagesWithWork()) this.wake(pageId);
  }

  /** Disowns all runs. To be called when the outbox has been emptied. */
  forget(): void {
    this.#runs.clear();
  }

  async #drain(pageId: string, run: symbol): Promise<void> {
    try {
      let post = this.#nextDue(pageId);
      while (post) {
        const outcome = await this.#send(post);
        if (outcome === "interrupted") return;
        post = this.#nextDue(pageId);
      }
    } finally {
      if (this.#runs.get(pageId) === run) this.#runs.delete(pageId);
      await this.#setAlarm();
    }
  }

  #nextDue(pageId: string): Post | null {
    const { outbox, faults } = this.#needs;
    const { webhook } = faults.read();
    if (webhook.hold) return null;
    const dueAt = outbox.dueAt(pageId, webhook);
    if (dueAt === null || dueAt > Date.now()) return null;
    return outbox.current(pageId) ?? outbox.nextBatch(pageId, webhook);
  }

  async #send(post: Post): Promise<"settled" | "interrupted"> {
    const { outbox, attempts, faults, interruption, onAccepted } = this.#needs;
    const signal = interruption.signal();
    await this.#setAlarm();
    const { delay_ms } = faults.read().webhook;
    if (delay_ms > 0 && (await interruption.wait(delay_ms)) === "interrupted") return "interrupted";

    const time = Date.now();
    const answer = await this.#post(post, signal);
    if (signal.aborted) return "interrupted";
    const accepted = answer.status === 200;
    const retryAt = accepted ? null : nextAttemptAt(post.attempt + 1, post.first_at, Date.now());
    const outcome = accepted ? "accepted" : retryAt === null ? "given_up" : "retrying";
    attempts.record({
      post_id: post.post_id,
      page_id: post.page_id,
      time,
      attempt: post.attempt + 1,
      ...answer,
      events: post.events,
      outcome,
    });

    if (accepted) {
      outbox.accepted(post);
      onAccepted(JSON.parse(post.mids));
    } else if (retryAt === null) {
      outbox.drop(post);
    } else {
      outbox.failed(post, retryAt);
    }
    return "settled";
  }

  async #post(post: Post, interrupted: AbortSignal): Promise<Answer> {
    const { environment, webhookUrl } = this.#needs;
    const headers = await webhookHeaders(environment.appSecret, post.body);
    const began = Date.now();
    try {
      return await withPatience(async (signal) => {
        const init = { method: "POST", headers, body: post.body, redirect: "manual", signal } as const;
        const response = await fetch(webhookUrl(), init);
        const answer = (await response.text()).slice(0, ANSWER_CHARACTERS);
        return { status: response.status, ms: Date.now() - began, answer };
      }, interrupted);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { status: null, error: reason, ms: Date.now() - began, answer: "" };
    }
  }

  /** One alarm serves all pages: the earliest time at which one of them is due, or must be checked on. */
  async #setAlarm(): Promise<void> {
    const { ctx, outbox, faults } = this.#needs;
    const { webhook } = faults.read();
    const now = Date.now();
    const times = outbox.pagesWithWork().flatMap((pageId) => {
      if (this.#runs.has(pageId)) return [now + WATCHDOG_MS];
      if (webhook.hold) return [];
      return [outbox.dueAt(pageId, webhook) ?? now];
    });
    if (times.length > 0) await ctx.storage.setAlarm(Math.max(Math.min(...times), now + 1));
  }
}
