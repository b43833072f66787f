import { evictDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import type { BotAnswer, DeliverWork, SendOutcome, SendWork, Work } from "../../src/conversation/work.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { rule, WEEK_MS, WINDOW_MS } from "../../src/messages/rules.ts";
import {
  alarmOf,
  answerOf,
  echoFrom,
  freshConversation,
  letTimePass,
  messagesOf,
  ownerOf,
  RULES,
  reportOf,
  says,
  textOf,
} from "../support/conversation.ts";

/**
 * The real object against a simple model of whose turn it is, over random histories: user, bot, people and another app
 * write, hand over and take over, ask for messages once and twice, at any age of the window, while runs get lost.
 */

const ALL = { deliver: true, send: true, tell: true };
const APP = "444";
const HOUR = 3_600_000;

const by = fc.constantFrom("bot" as const, "human:ada" as const);
const owner = fc.constantFrom("bot", "human", APP);
const command = fc.oneof(
  fc.record({
    do: fc.constant("user writes" as const),
    channel: fc.constantFrom("messaging" as const, "messaging" as const, "standby" as const),
  }),
  fc.record({ do: fc.constant("inbox writes" as const) }),
  fc.record({ do: fc.constant("give" as const), to: owner }),
  fc.record({ do: fc.constant("bot answers" as const), handover: fc.option(owner), tagged: fc.boolean() }),
  fc.record({ do: fc.constant("request" as const), by, tagged: fc.boolean(), again: fc.boolean() }),
  fc.record({
    do: fc.constant("sent" as const),
    outcome: fc.constantFrom("sent" as const, "sent" as const, "retry" as const, "unknown" as const),
  }),
  fc.record({ do: fc.constant("runs are lost" as const) }),
  fc.record({ do: fc.constant("evict" as const) }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const OUTCOMES: Record<"sent" | "retry" | "unknown", SendOutcome> = {
  sent: { kind: "sent", mid: "m" },
  retry: { kind: "retry", code: "temporary", reason: "" },
  unknown: { kind: "unknown", reason: "" },
};

class World {
  readonly stub = freshConversation();
  #delivery: DeliverWork | null = null;
  #send: SendWork | null = null;
  #count = 0;
  #lastRequest: { id: string; text: string } | null = null;
  /** Whose turn it should be, and whether Meta has said so. */
  #owner = "bot";
  #isMetas = false;
  /** What was accepted to be sent, in order. */
  readonly accepted: string[] = [];

  async obey(one: Command): Promise<void> {
    switch (one.do) {
      case "user writes": {
        const { channel } = one;
        const words = `${this.#count++}`;
        const event = says(words, {
          opensWindow: channel === "messaging",
          shownIn: channel,
          ...(channel === "standby" ? { key: `standby:message:m_${words}` } : {}),
        });
        if (channel === "standby" && this.#owner === "bot") this.#give("elsewhere", true);
        else if (channel === "messaging" && this.#isMetas && !["bot", "human"].includes(this.#owner)) {
          this.#give("bot", true);
        }
        return this.#accept((await this.stub.ingest([event], true, RULES)).work);
      }
      case "inbox writes":
        if (this.#owner === "bot") this.#give("human", false);
        return this.#accept(
          (await this.stub.ingest([echoFrom("person", `${this.#count++}`)], true, RULES)).work,
        );
      case "give": {
        const request = {
          id: `o${this.#count++}`,
          owner: one.to,
          writer: "human:ada" as const,
          metadata: null,
        };
        if (this.#owner !== one.to) this.#give(one.to, false);
        return this.#accept(await this.stub.setOwner(request));
      }
      case "bot answers":
        return this.#answer(one.handover, one.tagged);
      case "request":
        return this.#request(one.by, one.tagged, one.again);
      case "sent":
        return this.#settle(one.outcome);
      case "runs are lost": {
        [this.#delivery, this.#send] = [null, null];
        await letTimePass(this.stub);
        await evictDurableObject(this.stub);
        const [deliver, send] = [await this.stub.take("deliver"), await this.stub.take("send")];
        return this.#accept([...deliver.work, ...send.work]);
      }
      case "evict":
        await alarmOf(this.stub);
        return evictDurableObject(this.stub);
    }
  }

  async isAsModelled(): Promise<void> {
    expect(await ownerOf(this.stub)).toBe(this.#owner);
  }

  #give(owner: string, isMetas: boolean): void {
    [this.#owner, this.#isMetas] = [owner, isMetas];
  }

  async #answer(handover: string | null, tagged: boolean): Promise<void> {
    const work = this.#delivery;
    if (!work) return;
    this.#delivery = null;
    const text = `answer ${this.#count++}`;
    const messages = [{ ...(tagged ? { tag: "HUMAN_AGENT" } : {}), message: { text } }];
    const answer: BotAnswer = { messages, actions: [], ...(handover === null ? {} : { handover }) };
    const isClaim = handover === "bot" && work.conversation.owner !== "bot";
    this.accepted.push(text);
    if ((this.#owner === "bot" || isClaim) && handover !== null && handover !== this.#owner) {
      this.#give(handover, false);
    }
    const outcome = { kind: "answered" as const, status: 200, answer };
    return this.#accept(await this.stub.settleDelivery({ ...reportOf(work), outcome }, ALL));
  }

  async #request(by: "bot" | "human:ada", tagged: boolean, again: boolean): Promise<void> {
    const last = again ? this.#lastRequest : null;
    const { id, text } = last ?? { id: `r${this.#count++}`, text: `request ${this.#count++}` };
    const bodies = answerOf(text).messages.map((body) => (tagged ? { ...body, tag: "HUMAN_AGENT" } : body));
    const request = { id, writer: by, bodies, humanAgent: true, rules: RULES };
    const { refusal, work } = await this.stub.send(request);
    if (last) {
      expect(work).toEqual([]);
      return;
    }
    if (by === "bot" && (tagged || this.#owner !== "bot")) expect(refusal).not.toBeNull();
    if (refusal) return;
    this.#lastRequest = { id, text };
    this.accepted.push(text);
    if (by !== "bot" && this.#owner === "bot") this.#give("human", false);
    return this.#accept(work);
  }

  async #settle(how: keyof typeof OUTCOMES): Promise<void> {
    const work = this.#send;
    if (!work) return;
    this.#send = null;
    const { entry, index, attempt, nonce } = work;
    const target: string | undefined = JSON.parse(work.body).target_app_id;
    if (target === this.#owner) this.#isMetas = true;
    const passed = target === undefined ? {} : { passedTo: target };
    // What is asked of Meta about the thread, it does.
    const outcome = OUTCOMES[work.form === "thread_control" ? "sent" : how];
    const report = { entry, index, attempt, nonce, rules: RULES, outcome, ...passed };
    return this.#accept(await this.stub.settleSend(report, ALL));
  }

  async #accept(all: Work[]): Promise<void> {
    for (const work of all) {
      if (work.kind === "deliver") {
        expect(this.#delivery, "two deliveries out at once").toBeNull();
        this.#delivery = work;
      } else if (work.kind === "send") {
        expect(this.#send, "two messages out at once").toBeNull();
        this.#send = work;
        if (work.form !== "thread_control") this.#isWithinRules(work);
      }
    }
  }

  /** As the dispatcher would send it, now or as much later as it may take. */
  #isWithinRules(work: SendWork): void {
    for (const late of [0, 25 * HOUR, 6 * 24 * HOUR, 8 * 24 * HOUR]) {
      const now = Date.now() + late;
      const ruling = rule(JSON.parse(work.body), { ...work, humanAgent: true }, now);
      if (!ruling.ok) continue;
      const isTagged = ruling.body["tag"] !== undefined;
      const since = work.windowAt === null ? null : now - work.windowAt;
      expect(textOf(work)).toMatch(/^(answer|request)/);
      if (work.writer === "bot") expect(isTagged, "a bot's message with a person's tag").toBe(false);
      expect(isTagged).toBe(since !== null && since >= WINDOW_MS && since < WEEK_MS);
    }
  }
}

let run: MockInstance;
beforeEach(() => {
  run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
});
afterEach(() => run.mockRestore());

it("it is always clear whose turn it is, what was accepted stays in order, and nothing goes out against Meta's rules", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
      const world = new World();
      for (const one of commands) {
        await world.obey(one);
        await world.isAsModelled();
      }
      const texts = (await messagesOf(world.stub)).map(({ text }) => text).filter((text) => text !== "");
      expect(texts).toEqual(world.accepted);
    }),
    { numRuns: 60 },
  );
}, 60_000);
