import { isDeepStrictEqual } from "node:util";
import { vi } from "vitest";
import type { BotEvent, BotRequest, Respond } from "./bot.ts";
import type { Json, Said, SeenMessage, Thread } from "./simulator.ts";
import type { World } from "./world.ts";

const LIMIT_MS = 15_000;

/** Waits until the check passes. @returns what it returns then */
export const eventually = <T>(check: () => T | Promise<T>, timeout = LIMIT_MS): Promise<T> =>
  vi.waitFor(check, { timeout, interval: 20 });

/** A message as `/messages.list` has it. */
export interface ListedMessage {
  id: string;
  content: Json;
  state: string;
  from_contact: boolean;
  source: string;
  source_id: string | null;
  metadata: Json & { error?: { code: string; message: string } };
  sender: { id: string; kind: string };
}

/** Somebody nobody has heard of before, on a page, at the gateway and at Meta. */
export class Person {
  readonly id: string;
  readonly page: string;
  /** The conversation's id at the gateway. */
  readonly conversation: string;
  readonly #world: World;

  constructor(world: World, id: string, page: string) {
    this.#world = world;
    this.id = id;
    this.page = page;
    this.conversation = `${page}_${id}`;
  }

  /** Does something on Messenger; docs/simulator.md, "Acting as a person". */
  acts(body: Json): Promise<Said> {
    return this.#world.meta.act(this.id, { page_id: this.page, ...body });
  }

  /** Does something, and waits until the bot knows of it. @returns the event as the bot got it */
  async tells(body: Json): Promise<BotEvent> {
    const { event } = await this.acts(body);
    return this.told(event);
  }

  /** Waits until the bot knows of this item of Meta's. */
  told(item: unknown): Promise<BotEvent> {
    return eventually(() => {
      const found = this.events().find(({ raw }) => isDeepStrictEqual(raw, item));
      if (!found) throw new Error(`the bot has not been told of ${JSON.stringify(item)}`);
      return found;
    });
  }

  /** Posts an item as it is, from this person, and waits until the bot knows of it. */
  async posts(fields: Json): Promise<BotEvent> {
    const item = {
      sender: { id: this.id },
      recipient: { id: this.page },
      timestamp: Date.now(),
      ...fields,
    };
    await this.#world.meta.post({ page_id: this.page, items: [item] });
    return this.told(item);
  }

  /** How the bot answers this person from now on. */
  botAnswers(respond: Respond | Json): void {
    const answer = typeof respond === "function" ? respond : () => ({ body: respond });
    this.#world.bot.answers(this.conversation, answer);
  }

  /** How the bot answers what this person writes or taps next, and nothing else. */
  botAnswersOnce(body: Json): void {
    let isDone = false;
    this.botAnswers(({ events }) => {
      if (isDone || !events.some(({ type }) => type === "message" || type === "postback")) return {};
      isDone = true;
      return { body };
    });
  }

  /** Writes "Hello", to which the bot answers with these. @returns the event of the "Hello" */
  async getsAnswer(messages: unknown[], more: Json = {}): Promise<BotEvent> {
    this.botAnswersOnce({ messages, ...more });
    return this.tells({ text: "Hello" });
  }

  events(): BotEvent[] {
    return this.#world.bot.eventsOf(this.conversation);
  }

  requests(): BotRequest[] {
    return this.#world.bot.requestsOf(this.conversation);
  }

  thread(): Promise<Thread> {
    return this.#world.meta.thread(this.id, this.page);
  }

  /** What the page has written, as the person sees it. */
  async seen(): Promise<SeenMessage[]> {
    return (await this.thread()).messages.filter(({ from }) => from === "page");
  }

  /** Waits until the person has so many messages of the page. */
  sees(count: number): Promise<SeenMessage[]> {
    return eventually(async () => {
      const seen = await this.seen();
      if (seen.length !== count) throw new Error(`the person sees ${seen.length} messages, not ${count}`);
      return seen;
    });
  }

  /** Waits until the person has one message of the page. */
  async seesOne(): Promise<SeenMessage> {
    const [only] = await this.sees(1);
    if (!only) throw new Error("the person sees nothing");
    return only;
  }

  /** The conversation as `/conversations.info` has it. */
  async info(): Promise<Json> {
    const { body } = await this.#world.call("/conversations.info", { conversation_id: this.conversation });
    return body;
  }

  /** Waits until `/conversations.info` says so. */
  knows(expected: (info: Json) => void): Promise<void> {
    return eventually(async () => expected(await this.info()));
  }

  async messages(): Promise<ListedMessage[]> {
    const asked = { conversation_id: this.conversation, page_size: 100 };
    const { body } = await this.#world.call("/messages.list", asked);
    return body["data"] as ListedMessage[];
  }

  /** Waits until a message of ours is neither on its way nor waiting to be. */
  settled(place = 0): Promise<ListedMessage> {
    return this.message(place, ({ state }) => state !== "pending");
  }

  /** Waits for a message of ours to be as it should, by its place among ours. */
  message(place: number, is: (message: ListedMessage) => boolean): Promise<ListedMessage> {
    return eventually(async () => {
      const ours = (await this.messages()).filter(({ sender }) => /^(bot|human)$/.test(sender.kind));
      const found = ours[place];
      if (!found || !is(found)) throw new Error(`not yet so: ${JSON.stringify(ours)}`);
      return found;
    });
  }

  /** Sends to this person by the HTTP API. */
  sent(body: Json, role: "bot" | "operator" = "bot", headers: Record<string, string> = {}) {
    return this.#world.call("/messages.send", { conversation_id: this.conversation, ...body }, role, headers);
  }
}
