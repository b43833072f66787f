import { setTimeout as wait } from "node:timers/promises";
import { envelope, PAGE, text } from "../fixtures/events.ts";
import { signature } from "../support/webhook.ts";
import type { GraphLine } from "./journal.ts";
import { midOf } from "./replies.ts";
import { type Chance, chanceOf } from "./seed.ts";

/**
 * Meta: signs and posts webhooks, and posts the same bytes again until they are answered with 200. A user's events are
 * posted in order, the next one when the last is acknowledged; copies come twice at once, late and shuffled.
 */
export class Meta {
  /** User → the numbers that were acknowledged, in that order. */
  readonly acked = new Map<string, number[]>();
  readonly counts = { posts: 0, redelivered: 0, copies: 0 };
  readonly #target: { url: string; appSecret: string; appId: string; seed: number; end: AbortSignal };
  /** Posts that nobody waits for. */
  readonly #pending = new Set<Promise<void>>();
  readonly #echoed = new Set<string>();

  /** @param target.end when it is given up, also what is not acknowledged yet */
  constructor(target: { url: string; appSecret: string; appId: string; seed: number; end: AbortSignal }) {
    this.#target = target;
  }

  /** Some users write, in `rounds` POSTs one after another. */
  async converse(name: string, users: readonly string[], rounds: number, pauseMs: Range): Promise<void> {
    const chance = chanceOf(this.#target.seed, "users", name);
    const last = new Map<string, number>();
    const bodies: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const events: { user: string; n: number }[] = [];
      // Sometimes everyone at once: more conversations than one invocation takes to the bot by itself.
      const some = chance.is(0.1) ? users : chance.shuffled(users).slice(0, chance.whole(1, 3));
      for (const user of some) {
        for (let count = chance.whole(1, 3); count > 0; count--) {
          const n = (last.get(user) ?? -1) + 1;
          last.set(user, n);
          events.push({ user, n });
        }
      }
      const items = events.map(({ user, n }) => text(midOf(user, n), String(n), user));
      const body = JSON.stringify(envelope(items));
      bodies.push(body);
      await Promise.all([this.#deliver(body, chance), ...this.#copies(body, chance)]);
      for (const { user, n } of events) this.acked.set(user, [...(this.acked.get(user) ?? []), n]);
      if (chance.is(0.15)) {
        const old = chance.shuffled(bodies).slice(0, 3);
        for (const one of old) this.#later(one, chance.whole(0, 500), "copy");
      }
      await wait(chance.whole(...pauseMs), undefined, { signal: this.#target.end });
    }
  }

  /** Echoes what Graph has accepted and was not echoed yet. */
  echo(lines: readonly GraphLine[]): void {
    for (const line of lines) {
      if (line.kind !== "accepted" || this.#echoed.has(line.mid)) continue;
      this.#echoed.add(line.mid);
      const { user, mid, text, metadata, at } = line;
      const item = {
        sender: { id: PAGE },
        recipient: { id: user },
        timestamp: at,
        message: { mid, text, metadata, is_echo: true, app_id: Number(this.#target.appId) },
      };
      const chance = chanceOf(this.#target.seed, "echo", user, text);
      const body = JSON.stringify(envelope([item]));
      this.#later(body, chance.is(0.1) ? chance.whole(500, 3000) : chance.whole(0, 200), "first");
      if (chance.is(0.1)) this.#later(body, chance.whole(0, 1000), "copy");
    }
  }

  /** Waits until everything posted so far is acknowledged. */
  async quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #copies(body: string, chance: Chance): Promise<void>[] {
    if (!chance.is(0.25)) return [];
    this.counts.copies++;
    return [this.#deliver(body, chance)];
  }

  #later(body: string, afterMs: number, which: "first" | "copy"): void {
    if (which === "copy") this.counts.copies++;
    const chance = chanceOf(this.#target.seed, "later", body);
    const delivery = wait(afterMs)
      .then(() => this.#deliver(body, chance))
      .finally(() => this.#pending.delete(delivery));
    this.#pending.add(delivery);
    // Whoever waits for it learns of its failure.
    delivery.catch(() => {});
  }

  async #deliver(body: string, chance: Chance): Promise<void> {
    const { url, appSecret, end } = this.#target;
    const headers = {
      "content-type": "application/json",
      "x-hub-signature-256": await signature(body, appSecret),
    };
    for (let tried = 0; !end.aborted; tried++) {
      if (tried > 0) this.counts.redelivered++;
      this.counts.posts++;
      const status = await fetch(`${url}/webhook`, {
        method: "POST",
        headers,
        body,
        signal: AbortSignal.timeout(20_000),
      }).then(
        async (response) => response.text().then(() => response.status),
        () => "cut" as const,
      );
      if (status === 200) return;
      if (status !== "cut" && status < 500) throw new Error(`the gateway answered ${status} to Meta`);
      await wait(chance.whole(20, 200));
    }
    throw new Error("the gateway did not take everything in time");
  }
}

/** From, to. */
export type Range = readonly [number, number];
