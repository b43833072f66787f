import { DurableObject } from "cloudflare:workers";
import { configOf, DEFAULT_BOT_TIMEOUT_MS, DEFAULT_RETENTION_DAYS } from "../env.ts";
import { partsOf } from "../ids.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { acceptAnswer, handOver } from "./answer.ts";
import { Awaiting } from "./awaiting.ts";
import { Books } from "./books.ts";
import { callBack, wanting } from "./callbacks.ts";
import { type ExportPage, exportRows } from "./export.ts";
import { FRESH_FACTS } from "./facts.ts";
import { hear } from "./hearing.ts";
import { tidy, tidyDue } from "./housekeeping.ts";
import type { IncomingEvent } from "./incoming.ts";
import { leaseMs, MAX_WAITING, REQUEST_REACH, SETTINGS_RETRY_MS, TIDY_EVERY_MS } from "./limits.ts";
import { asOf, wroteInPerson } from "./owner.ts";
import { firstInUse } from "./position.ts";
import { entryOf, factsAfterRequest, factsAfterSend, isInPerson, refusalOf } from "./requests.ts";
import { migrate } from "./schema.ts";
import {
  changeOf,
  changeState,
  type StateAnswer,
  type StateRequest,
  type StateView,
  withoutStale,
} from "./state.ts";
import { readEntry, readTalk, readThread, type ThreadMessage, type ThreadPage } from "./thread.ts";
import { logTrouble } from "./trouble.ts";
import { type ConversationView, conversationView, type DeliveryView } from "./views.ts";
import type {
  Capacity,
  DeliveryReport,
  Ending,
  Ingested,
  OwnerRequest,
  PageRules,
  SendAnswer,
  SendReport,
  SendRequest,
  Taken,
  Work,
} from "./work.ts";

const EVERYTHING: Capacity = { deliver: true, send: true, tell: true };
const NOTHING: Capacity = { deliver: false, send: false, tell: false };
const DAY_MS = 24 * 60 * 60_000;

/**
 * One conversation: a page and a user. Records and hands out work, never waits on the network
 * (docs/decisions/0001). In each direction one piece of work is out at a time, which keeps events and replies in
 * order. What isn't reported by its deadline is handed out again by the alarm.
 *
 * Every method is synchronous from its first read to its last write, so it commits whole or not at all.
 */
export class Conversation extends DurableObject<Cloudflare.Env> {
  /** `null` after the conversation has expired, until something comes again. */
  #opened: Books | null;
  readonly #clock: AlarmClock;
  #awaiting = new Awaiting();
  /** As last told, by whoever came. */
  #rules: PageRules | undefined;
  /** When old rows are deleted, ms; `undefined` until it is asked for. */
  #tidyAt: number | null | undefined;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#opened = this.#open();
    this.#clock = new AlarmClock(ctx.storage, this.#books.ledger.nextDue() ?? this.#tidyDue());
  }

  /**
   * Stores what is new of these events, in order; those stored before are passed over.
   * @param take whether the caller does the work that this makes ready; otherwise the alarm starts it at once
   */
  ingest(events: IncomingEvent[], take: boolean, rules: PageRules): Ingested {
    this.#rules = rules;
    const capacity = take ? EVERYTHING : NOTHING;
    if (this.#isFull(events)) return { isFull: true, work: [] };
    // For a single event the dedupe index decides as it is written: looking it up first would cost every new one.
    const isSingle = events.length === 1;
    try {
      const work = this.#step(capacity, (now) => {
        const fresh = isSingle ? events : this.#books.events.unseen(events);
        const heard = fresh.flatMap((event) => hear(this.#books, this.#parts().id, event, rules, now));
        this.#books.ledger.accept(heard, rules.gatherMs, now);
      });
      return { isFull: false, work };
    } catch (error) {
      if (!isSingle || !isDuplicate(error)) throw error;
      return { isFull: false, work: this.#step(capacity, () => {}) };
    }
  }

  /** Takes the result of a delivery. A report of another attempt than the one that is out changes nothing. */
  settleDelivery(report: DeliveryReport, capacity: Capacity): Work[] {
    this.#rules = report.rules;
    return this.#step(capacity, (now) => {
      const books = this.#books;
      const { deliveries } = books.ledger;
      const delivery = deliveries.expected(report);
      if (!delivery) return;
      const { outcome, tookMs, excerpt, profile, owner, rules } = report;
      const reason = outcome.kind === "answered" ? null : outcome.reason;
      const attempt = { at: now, status: outcome.status, tookMs, reason, answer: excerpt };
      if (profile) books.keep({ ...books.facts, profile: profile.value, profileDue: now + profile.dueInMs });
      if (outcome.kind === "answered") {
        const current = asOf(books.facts, rules.handBackMs, now);
        const asked = { owner, stateTtlMs: rules.stateTtlMs };
        const { facts, messages, refusal } = acceptAnswer(current, outcome.answer, asked, now);
        books.keep(facts);
        deliveries.answered(delivery, { ...outcome.answer, messages }, attempt, refusal, now);
      } else if (outcome.kind === "postponed") deliveries.postponed(delivery, attempt, now);
      else {
        deliveries.failed(delivery, attempt, outcome.kind === "retry" ? outcome : null, now);
      }
    });
  }

  /** Takes the result of a send. A report of another attempt than the one that is out changes nothing. */
  settleSend(report: SendReport, capacity: Capacity): Work[] {
    this.#rules = report.rules;
    if (report.meta) this.#awaiting.keep(report.entry, report.meta);
    return this.#step(capacity, (now) => {
      const books = this.#books;
      const state = books.ledger.sends.ended(report, now);
      books.keep(factsAfterSend(books.facts, report, state, now));
    });
  }

  /** The page knows of these outbox entries now. */
  settleTelling(entries: number[], capacity: Capacity): Work[] {
    return this.#step(capacity, () => this.#books.ledger.told(entries));
  }

  /** Hands out what waits in a direction, whatever it waits for: the page sees a chance for it. */
  take(direction: "deliver" | "send"): Taken {
    const capacity = { ...NOTHING, [direction]: true };
    const work = this.#step(capacity, (now) => this.#hurry(direction, now));
    const { deliveries, position } = this.#books.ledger;
    // What wasn't handed out although it was hurried is out, or waits for something else than the page.
    const isOut = direction === "deliver" ? deliveries.nextDue() !== null : position.open[0]?.leased === true;
    return { work, isBusy: work.length === 0 && isOut };
  }

  /**
   * Repeats deliveries that are over, under their ids.
   * @param deliveries their ids; those that aren't on record any more are passed over
   * @returns how many will be repeated
   */
  replay(deliveries: string[]): number {
    let count = 0;
    this.#step(NOTHING, (now) => {
      for (const id of deliveries) {
        const past = this.#books.outbox.past(id);
        if (past && this.#books.ledger.deliveries.replay(past, now)) count++;
      }
    });
    return count;
  }

  /**
   * Accepts messages that nobody asked for just now. A request that is repeated under its id is accepted once.
   * @returns the messages as they stand, and work to do; or why none was accepted, and nothing has changed
   */
  send(request: SendRequest): SendAnswer {
    this.#rules = request.rules;
    const { ledger } = this.#books;
    const known = this.#requested(request.id);
    if (known !== undefined) return this.#repeated(request, known);
    const current = asOf(this.#books.facts, request.rules.handBackMs, Date.now());
    const refusal = refusalOf(request, ledger.position, current, Date.now());
    if (refusal) return { refusal, entry: 0, messages: [], work: [] };
    let entry = 0;
    const work = this.#step(EVERYTHING, (now) => {
      const known = isInPerson(request) ? wroteInPerson(current, request.rules, now) : current;
      this.#books.keep(factsAfterRequest(known, request, now));
      entry = ledger.sends.append(entryOf(request), now);
    });
    return { refusal: null, entry, messages: this.#entry(entry), work };
  }

  /**
   * How the only message of an entry has ended, which someone waits for. What hasn't been tried when the time is up is
   * taken back. It keeps the object awake: for when others are before it.
   */
  async outcome(entry: number, waitMs: number): Promise<Ending> {
    if (this.#isOpen(entry)) await this.#awaiting.until(entry, waitMs);
    if (this.#isOpen(entry)) this.#step(NOTHING, (now) => this.#books.ledger.sends.withdraw(entry, now));
    const state = this.#books.outbox.state(entry);
    const meta = this.#awaiting.take(entry);
    if (state?.status === "sent") return { state: "sent", mid: state.mid, code: null, reason: null, meta };
    if (state?.status !== "failed") return { state: "unknown", mid: null, code: null, reason: null, meta };
    return { state: "failed", mid: null, code: state.code, reason: state.reason, meta };
  }

  /** The state the bot left, as of now. */
  state(): StateView {
    const { state, stateVersion, stateUntil } = withoutStale(this.#books.facts, Date.now());
    return { state, version: stateVersion, until: stateUntil };
  }

  /** Changes the state, if it still is as the request supposes. */
  putState(request: StateRequest): StateAnswer {
    const now = Date.now();
    const facts = withoutStale(this.#books.facts, now);
    const change = changeOf(request, facts);
    // A conversation in which nothing has happened isn't kept for ever for its state alone.
    const isAlone = this.#books.ledger.position.seq === 0;
    const ttlMs = isAlone
      ? Math.min(change.ttlMs ?? Number.POSITIVE_INFINITY, this.#retentionMs())
      : change.ttlMs;
    const changed = changeState(facts, { ...change, ttlMs }, now);
    if (typeof changed === "string") return { ...this.state(), refused: changed };
    this.#step(NOTHING, () => this.#books.keep(changed));
    return { ...this.state(), refused: null };
  }

  /** Gives the conversation to someone: `bot`, `human` or an app's id. What Meta is told of it is told once. */
  setOwner({ id, writer, owner, metadata }: OwnerRequest): Work[] {
    if (this.#requested(id) !== undefined) return [];
    return this.#step(EVERYTHING, (now) => {
      const { facts, first, last } = handOver(this.#books.facts, owner, now);
      this.#books.keep(facts);
      const bodies = [...first, ...last].map((one) => (metadata === null ? one : { ...one, metadata }));
      if (bodies.length > 0) this.#books.ledger.sends.append(entryOf({ id, writer, bodies }), now);
    });
  }

  /** The conversation as people see it. @param handBackMs after how long a person's turn ends by itself */
  info(handBackMs: number | null): ConversationView {
    return conversationView(this.#books.ledger.position, this.#books.facts, handBackMs, Date.now());
  }

  /** Messages of both sides, the newest `limit` before a place in the list, oldest first. */
  thread(before: number | null, limit: number): ThreadPage {
    const { facts, ledger } = this.#books;
    return readThread(this.ctx.storage.sql, facts, ledger.position.platform, before, limit);
  }

  /** What was said before a delivery, oldest first. @param first the number of its first event */
  talk(first: number, limit: number): ThreadMessage[] {
    const { facts, ledger } = this.#books;
    return readTalk(this.ctx.storage.sql, facts, first, ledger.position.through, limit);
  }

  /** A delivery that is over, with its attempts, events and messages; `null` if it isn't on record. */
  delivery(id: string): DeliveryView | null {
    const { outbox, events, facts } = this.#books;
    const view = outbox.view(id, facts);
    return view && { ...view.shown, events: events.of({ first: view.first, through: view.last }) };
  }

  /** A message of the user's or the page's as Meta sent it, as JSON text; `null` if it isn't on record. */
  rawOfMessage(mid: string): string | null {
    return this.#books.events.rawOf(mid);
  }

  /** All that is stored, oldest first, from after number `after`: at most `limit` events and outbox entries. */
  export(after: number, limit: number): ExportPage {
    const { facts, ledger } = this.#books;
    return exportRows(this.ctx.storage.sql, ledger.position, facts, after, limit);
  }

  /**
   * Deletes everything: the database's file, its alarm, and what is in memory. What is out goes on, and its reports find
   * nothing.
   * @param since only if the user has done nothing since then (ms), and nothing is to be sent to them
   * @returns whether there was anything
   */
  async erase(since?: number): Promise<boolean> {
    const { facts, ledger } = this.#books;
    const { seq, windowAt, open } = ledger.position;
    if (since !== undefined && ((windowAt ?? 0) > since || open.length > 0)) return false;
    const wasThere = seq > 0 || facts !== FRESH_FACTS;
    this.#clock.set(null);
    await this.#empty();
    // Who waits for a message's end learns that nobody knows.
    this.#awaiting.wake(() => false);
    this.#awaiting = new Awaiting();
    return wasThere;
  }

  /** Hands what is due to a Dispatcher, without waiting for it. Never throws for the outside's faults. */
  override async alarm(): Promise<void> {
    this.#clock.at = null;
    if (!configOf(this.env).ok) {
      // Handing work out would only lose leases until someone has corrected the settings.
      console.error({ event: "alarm_without_settings" });
      this.#clock.set(Date.now() + SETTINGS_RETRY_MS);
      return;
    }
    if (await this.#tidy(Date.now())) return;
    const work = this.#step(EVERYTHING, () => {});
    if (work.length === 0) return;
    try {
      await this.ctx.exports.Dispatcher.run(this.#parts().id, work, "ordinary");
    } catch (error) {
      // Nothing is lost: the leases expire, and the alarm hands the work out again.
      console.error({ event: "dispatch_not_started", error: String(error) });
    }
  }

  /** Decide, tell the bot of it, hand out what is due, write it all down, set the alarm: one commit. */
  #step(capacity: Capacity, decide: (now: number) => void): Work[] {
    const now = Date.now();
    const alarmAt = this.#clock.at;
    const books = this.#books;
    try {
      const work = this.ctx.storage.transactionSync(() => {
        decide(now);
        // The report of a run that was out when the conversation was deleted must leave nothing behind.
        const isThere = books.ledger.position.seq > 0;
        if (this.#rules && isThere) books.keep(wanting(books.facts, this.#rules));
        books.ledger.sends.giveUp(now);
        callBack(books, this.#parts().id, now);
        const granted = books.ledger.grant(now, capacity);
        const written = books.write(now);
        logTrouble(this.ctx.id.name, written);
        this.#clock.arm(books.ledger.nextDue(), () => this.#tidyDue(), now);
        return books.workOf(granted, written, this.#parts(), now);
      });
      this.#awaiting.wake((entry) => this.#isOpen(entry));
      return work;
    } catch (error) {
      // Rows and alarm were rolled back; memory must tell the same.
      this.#opened = null;
      this.#clock.at = alarmAt;
      throw error;
    }
  }

  #isOpen(entry: number): boolean {
    return this.#books.ledger.position.open.some(({ seq }) => seq === entry);
  }

  get #books(): Books {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  #open(): Books {
    const isFresh = migrate(this.ctx.storage);
    const settings = configOf(this.env);
    const botTimeoutMs = settings.ok ? settings.config.bot.timeoutMs : DEFAULT_BOT_TIMEOUT_MS;
    const chance = { random: Math.random, uuid: () => crypto.randomUUID() };
    return new Books(this.ctx.storage.sql, isFresh, chance, leaseMs(botTimeoutMs));
  }

  #isFull(events: IncomingEvent[]): boolean {
    const { through, lastForwarded } = this.#books.ledger.position;
    // Numbers are given to all rows: their difference is never less than what waits, and free to know.
    if (lastForwarded - through + events.length <= MAX_WAITING) return false;
    const coming = this.#books.events.unseen(events).filter((event) => event.forward).length;
    if (coming === 0 || this.#books.events.countAfter(through) + coming <= MAX_WAITING) return false;
    console.error({ event: "conversation_full", conversation: this.ctx.id.name, limit: MAX_WAITING });
    return true;
  }

  /** The entry that a request has made already. */
  #requested(id: string): number | undefined {
    const { ledger, outbox } = this.#books;
    return outbox.ofRequest(id, ledger.position.seq - REQUEST_REACH);
  }

  /** A request that was accepted already; under its id it can't ask for something else. */
  #repeated(request: SendRequest, entry: number): SendAnswer {
    const { messages } = this.#books.outbox.contents(entry);
    if (JSON.stringify(messages) === JSON.stringify(request.bodies)) {
      return { refusal: null, entry, messages: this.#entry(entry), work: [] };
    }
    const refusal = { code: "idempotency_conflict", reason: "another request was made under this key" };
    return { refusal, entry: 0, messages: [], work: [] };
  }

  #entry(entry: number): ThreadMessage[] {
    return readEntry(this.ctx.storage.sql, this.#books.facts, entry);
  }

  #hurry(direction: "deliver" | "send", now: number): void {
    const { deliveries, sends } = this.#books.ledger;
    if (direction === "deliver") deliveries.hurry(now);
    else sends.hurry(now);
  }

  #tidyDue(): number | null {
    const { ledger, facts } = this.#books;
    if (ledger.position.seq === 0) {
      // There is nothing but what somebody has set.
      const until = facts.ownerSince === 0 ? 0 : facts.ownerSince + this.#retentionMs();
      return Math.max(until, facts.stateUntil ?? 0) || null;
    }
    this.#tidyAt ??= this.#nextTidy();
    return this.#tidyAt;
  }

  #nextTidy(): number | null {
    // The object's id is a hash already.
    const timeOfDay = Number.parseInt(this.ctx.id.toString().slice(0, 8), 16) % TIDY_EVERY_MS;
    return tidyDue(this.ctx.storage.sql, this.#retentionMs(), timeOfDay);
  }

  /** Deletes what is past its time. @returns whether that was everything */
  async #tidy(now: number): Promise<boolean> {
    const due = this.#tidyDue();
    if (due === null || due > now) return false;
    const { sql } = this.ctx.storage;
    if (!tidy(sql, now - this.#retentionMs(), firstInUse(this.#books.ledger.position))) {
      // What is kept although it is old must not wake the conversation before tomorrow.
      this.#tidyAt = Math.max(this.#nextTidy() ?? 0, now + TIDY_EVERY_MS);
      return false;
    }
    await this.#empty();
    return true;
  }

  /** Nothing may come between: what is in memory goes with the rows. */
  #empty(): Promise<void> {
    this.#tidyAt = undefined;
    this.#opened = null;
    this.#clock.at = null;
    return this.ctx.storage.deleteAll();
  }

  #retentionMs(): number {
    const settings = configOf(this.env);
    return (settings.ok ? settings.config.retentionDays : DEFAULT_RETENTION_DAYS) * DAY_MS;
  }

  #parts(): ReturnType<typeof partsOf> {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a conversation is addressed by name only");
    return partsOf(name);
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("UNIQUE constraint failed: event.key");
