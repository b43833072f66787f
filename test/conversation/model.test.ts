import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import type {
  DeliverWork,
  DeliveryOutcome,
  SendOutcome,
  SendWork,
  Work,
} from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import {
  alarmOf,
  butTelling,
  freshConversation,
  isAtRest,
  letTimePass,
  messagesOf,
  metadataOf,
  RULES,
  reportOf,
  type Stub,
  says,
  textOf,
  wordsOf,
} from "../support/conversation.ts";

/**
 * The real object against a simple model of what it promises, over random histories: events come once, twice and late;
 * bot and Graph answer, fail, or never report; the object is evicted at any point; time passes.
 */

const CAPACITY = { deliver: true, send: true, tell: true };

type Command =
  | { do: "ingest"; count: number; quiet: boolean; take: boolean }
  | { do: "redeliver"; which: number }
  | { do: "settleBot"; outcome: "answered" | "retry" | "rejected" | "postponed"; messages: number }
  | { do: "settleSend"; outcome: "sent" | "retry" | "unknown" | "failed" | "hold" }
  | { do: "echo" }
  | { do: "reportLate"; which: number }
  | { do: "evict" }
  | { do: "passTime" };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("ingest" as const),
      count: fc.integer({ min: 1, max: 4 }),
      quiet: fc.boolean(),
      take: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("redeliver" as const), which: fc.nat(50) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("settleBot" as const),
      outcome: fc.constantFrom("answered", "answered", "answered", "retry", "rejected", "postponed"),
      messages: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settleSend" as const),
      outcome: fc.constantFrom("sent", "sent", "sent", "retry", "unknown", "failed", "hold"),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "echo" as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reportLate" as const), which: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.constant({ do: "evict" as const }) },
  { weight: 3, arbitrary: fc.constant({ do: "passTime" as const }) },
);

/** What the world outside has seen, and what is out. */
class World {
  readonly #stub: Stub = freshConversation();
  readonly #run: MockInstance;
  #known: ReturnType<typeof says>[] = [];
  #delivery: DeliverWork | null = null;
  #send: SendWork | null = null;
  readonly #past: Work[] = [];
  #answers = 0;

  /** Every event that should reach the bot, in the order it was stored. */
  readonly expected: string[] = [];
  /** First and repeated sightings at the bot, by delivery. */
  readonly deliveries = new Map<string, string[]>();
  /** Texts the bot has said, in order. */
  readonly said: string[] = [];

  constructor(run: MockInstance) {
    this.#run = run;
  }

  async obey(command: Command): Promise<void> {
    switch (command.do) {
      case "ingest": {
        const events = Array.from({ length: command.count }, (_, at) =>
          says(`${this.#known.length + at}`, { forward: !command.quiet }),
        );
        this.#known.push(...events);
        if (!command.quiet) this.expected.push(...events.map(({ id }) => id.slice(2)));
        const { work } = await this.#stub.ingest(events, command.take, RULES);
        return this.#accept(work);
      }
      case "redeliver": {
        const event = this.#known[command.which % Math.max(1, this.#known.length)];
        return event && this.#accept((await this.#stub.ingest([event], true, RULES)).work);
      }
      case "settleBot":
        return this.#settleBot(command.outcome, command.messages);
      case "settleSend":
        return this.#settleSend(command.outcome);
      case "echo": {
        if (!this.#send) return;
        const echo = says(`echo ${this.#known.length} ${Math.random()}`, {
          type: "echo",
          forward: false,
          echo: { mid: "m_echo", metadata: metadataOf(this.#send) },
        });
        this.#past.push(this.#send);
        this.#send = null;
        return this.#accept((await this.#stub.ingest([echo], true, RULES)).work);
      }
      case "reportLate": {
        const late = this.#past[command.which % Math.max(1, this.#past.length)];
        if (late?.kind === "deliver" && late.attempt !== this.#delivery?.attempt) {
          const outcome = {
            kind: "answered" as const,
            status: 200,
            answer: { messages: [{ message: { text: "LATE" } }], actions: [] },
          };
          await this.#accept(await this.#stub.settleDelivery({ ...reportOf(late), outcome }, CAPACITY));
        }
        return;
      }
      case "evict":
        // Only what runs can be evicted.
        await alarmOf(this.#stub);
        return evictDurableObject(this.#stub);
      case "passTime":
        return this.#passTime();
    }
  }

  /** Everything goes well from now on, until nothing is left to do. */
  async comeToRest(): Promise<void> {
    for (let round = 0; round < 500; round++) {
      if (this.#delivery) await this.#settleBot("answered", 1);
      else if (this.#send) await this.#settleSend("sent");
      else if (await isAtRest(this.#stub)) return;
      else await this.#passTime();
    }
    throw new Error("it does not come to rest");
  }

  sentTexts = async () =>
    (await messagesOf(this.#stub))
      .filter(({ status }) => status === "sent" || status === "failed")
      .map(({ text }) => text);

  async #passTime(): Promise<void> {
    // Whatever was out has been lost.
    if (this.#delivery) this.#past.push(this.#delivery);
    if (this.#send) this.#past.push(this.#send);
    this.#delivery = null;
    this.#send = null;
    await letTimePass(this.#stub);
    await evictDurableObject(this.#stub);
    this.#run.mockClear();
    await runDurableObjectAlarm(this.#stub);
    const started = this.#run.mock.calls.flatMap(([id, work]) =>
      id === this.#stub.name ? (work as Work[]) : [],
    );
    await this.#accept(started);
  }

  async #settleBot(
    outcome: "answered" | "retry" | "rejected" | "postponed",
    messages: number,
  ): Promise<void> {
    const work = this.#delivery;
    if (!work) return;
    this.#delivery = null;
    this.#past.push(work);
    const texts = Array.from({ length: messages }, () => `answer ${this.#answers++}`);
    if (outcome === "answered") this.said.push(...texts);
    const bodies = texts.map((text) => ({ messaging_type: "RESPONSE", message: { text } }));
    const outcomes: Record<typeof outcome, DeliveryOutcome> = {
      answered: { kind: "answered", status: 200, answer: { messages: bodies, actions: [] } },
      retry: { kind: "retry", status: 500, reason: "http_500" },
      rejected: { kind: "rejected", status: 400, reason: "http_400" },
      postponed: { kind: "postponed", status: null, reason: "bot_failing" },
    };
    await this.#accept(
      await this.#stub.settleDelivery({ ...reportOf(work), outcome: outcomes[outcome] }, CAPACITY),
    );
  }

  async #settleSend(outcome: "sent" | "retry" | "unknown" | "failed" | "hold"): Promise<void> {
    const work = this.#send;
    if (!work) return;
    this.#send = null;
    this.#past.push(work);
    const outcomes: Record<typeof outcome, SendOutcome> = {
      sent: { kind: "sent", mid: "m_sent" },
      retry: { kind: "retry", code: "temporary", reason: "HTTP 500" },
      unknown: { kind: "unknown", reason: "cut" },
      failed: { kind: "failed", code: "invalid", reason: "(#100)" },
      hold: { kind: "hold", code: "needs_reauth", reason: "(#190)" },
    };
    const { entry, index, attempt, nonce } = work;
    await this.#accept(
      await this.#stub.settleSend(
        { entry, index, attempt, nonce, rules: RULES, outcome: outcomes[outcome] },
        CAPACITY,
      ),
    );
  }

  async #accept(all: Work[]): Promise<void> {
    for (const work of all) {
      if (work.kind === "tell")
        await this.#stub.settleTelling(
          work.letters.map(({ entry }) => entry),
          { deliver: false, send: false, tell: false },
        );
    }
    for (const work of butTelling(all)) {
      if (work.kind === "deliver") {
        expect(this.#delivery, "two deliveries out at once").toBeNull();
        const words = wordsOf(work);
        const before = this.deliveries.get(work.delivery);
        if (before) expect(words, "the same id for other events").toEqual(before);
        this.deliveries.set(work.delivery, words);
        this.#delivery = work;
      } else if (work.kind === "send") {
        expect(this.#send, "two messages out at once").toBeNull();
        expect(textOf(work)).not.toBe("LATE");
        this.#send = work;
      }
    }
  }
}

let run: MockInstance;
beforeEach(() => {
  // The alarm's work is taken by the test; alarms that fire by themselves find their work taken, as after a crash.
  run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
});
afterEach(() => run.mockRestore());

it("every event reaches the bot once and in order, every answer the user, whatever happens in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
      const world = new World(run);
      for (const one of commands) await world.obey(one);
      await world.comeToRest();
      expect([...world.deliveries.values()].flat()).toEqual(world.expected);
      expect(await world.sentTexts()).toEqual(world.said);
    }),
    { numRuns: 100 },
  );
}, 60_000);
