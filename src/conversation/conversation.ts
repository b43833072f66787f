import { DurableObject } from "cloudflare:workers";
import { configOf, DEFAULT_BOT_TIMEOUT_MS } from "../env.ts";
import { partsOf } from "../ids.ts";
import { EventLog } from "./event-log.ts";
import { applyAnswer, readFacts, writeFacts } from "./facts.ts";
import type { IncomingEvent } from "./incoming.ts";
import { type Granted, Ledger } from "./ledger.ts";
import { ALARM_OVERDUE_MS, leaseMs, SETTINGS_RETRY_MS, WINDOW_MS } from "./limits.ts";
import { readMark } from "./mark.ts";
import { Outbox } from "./outbox.ts";
import type { Delivery, OpenEntry } from "./position.ts";
import { migrate } from "./schema.ts";
import type { Capacity, DeliverWork, DeliveryReport, SendReport, SendWork, Work } from "./work.ts";

const EVERYTHING: Capacity = { deliver: true, send: true };
const NOTHING: Capacity = { deliver: false, send: false };

/**
 * One conversation: a page and a user. Records and hands out work, never waits on the network
 * (docs/decisions/0001). In each direction one piece of work is out at a time, which keeps events and replies in
 * order. What isn't reported by its deadline is handed out again by the alarm.
 *
 * Every method is synchronous from its first read to its last write, so it commits whole or not at all.
 */
export class Conversation extends DurableObject<Cloudflare.Env> {
  readonly #events: EventLog;
  readonly #outbox: Outbox;
  #ledger: Ledger;
  /** When the alarm fires, ms; `null` if none is set, or if that isn't known. */
  #alarmAt: number | null;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage);
    this.#events = new EventLog(ctx.storage.sql);
    this.#outbox = new Outbox(ctx.storage.sql);
    this.#ledger = this.#load();
    this.#alarmAt = this.#ledger.nextDue();
  }

  /**
   * Stores what is new of these events, in order; those stored before are passed over.
   * @param take whether the caller does the work that this makes ready; otherwise the alarm starts it at once
   */
  ingest(events: IncomingEvent[], take: boolean): Work[] {
    // For a single event the dedupe index decides as it is written: looking it up first would cost every new one.
    const isSingle = events.length === 1;
    const step = (now: number) => {
      const fresh = isSingle ? events : this.#unseen(events);
      for (const { echo } of fresh) {
        const mark = readMark(echo?.metadata);
        if (echo && mark) this.#ledger.echoed(mark, echo.mid, now);
      }
      this.#ledger.accept(fresh, now);
    };
    try {
      return this.#step(take ? EVERYTHING : NOTHING, step);
    } catch (error) {
      if (!isSingle || !isDuplicate(error)) throw error;
      return this.#step(take ? EVERYTHING : NOTHING, () => {});
    }
  }

  /** Takes the result of a delivery. A report of another attempt than the one that is out changes nothing. */
  settleDelivery(report: DeliveryReport, capacity: Capacity): Work[] {
    return this.#step(capacity, (now) => {
      if (!this.#ledger.expectsDelivery(report)) return;
      const { outcome, tookMs } = report;
      if (outcome.kind === "answered") {
        const facts = readFacts(this.ctx.storage.sql);
        const next = applyAnswer(facts, outcome.answer);
        if (next !== facts) writeFacts(this.ctx.storage.sql, next);
        this.#ledger.answered(outcome.answer, { at: now, status: outcome.status, tookMs, reason: null }, now);
        return;
      }
      const { status, reason } = outcome;
      const again = outcome.kind === "retry" ? { afterMs: outcome.afterMs } : null;
      this.#ledger.deliveryFailed({ at: now, status, tookMs, reason }, again, now);
    });
  }

  /** Takes the result of a send. A report of another attempt than the one that is out changes nothing. */
  settleSend(report: SendReport, capacity: Capacity): Work[] {
    return this.#step(capacity, (now) => {
      if (!this.#ledger.expectsSend(report)) return;
      const state = this.#ledger.sendEnded(report.outcome, now);
      if (state?.status !== "failed") return;
      const { code, reason } = state;
      console.warn({ event: "message_failed", conversation: this.ctx.id.name, code, reason });
    });
  }

  /** Hands what is due to a Dispatcher, without waiting for it. Never throws for the outside's faults. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    if (!configOf(this.env).ok) {
      // Handing work out would only lose leases until someone has corrected the settings.
      console.error({ event: "alarm_without_settings" });
      this.#alarmAt = Date.now() + SETTINGS_RETRY_MS;
      await this.ctx.storage.setAlarm(this.#alarmAt);
      return;
    }
    const work = this.#step(EVERYTHING, () => {});
    if (work.length === 0) return;
    try {
      await this.ctx.exports.Dispatcher.run(this.#parts().id, work);
    } catch (error) {
      // Nothing is lost: the leases expire, and the alarm hands the work out again.
      console.error({ event: "dispatch_not_started", error: String(error) });
    }
  }

  /** Decide, hand out what is due, write it all down, set the alarm: one commit. */
  #step(capacity: Capacity, decide: (now: number) => void): Work[] {
    const now = Date.now();
    const alarmAt = this.#alarmAt;
    try {
      return this.ctx.storage.transactionSync(() => {
        decide(now);
        const granted = this.#ledger.grant(now, capacity);
        this.#write();
        this.#arm(now);
        return this.#workOf(granted);
      });
    } catch (error) {
      // Rows and alarm were rolled back; memory must tell the same.
      this.#ledger = this.#load();
      this.#alarmAt = alarmAt;
      throw error;
    }
  }

  #load(): Ledger {
    const event = this.#events.last();
    const entry = this.#outbox.last();
    const waits =
      event.head > entry.through ? event.head : event.head && this.#events.firstAfter(entry.through);
    const position = {
      seq: Math.max(event.seq, entry.seq),
      lastForwarded: waits > 0 ? event.seq : entry.through,
      through: entry.through,
      windowAt: event.windowAt,
      delivery: waits > 0 ? this.#events.delivery(waits) : null,
      open: this.#outbox.open(entry.openFrom),
    };
    const chance = { random: Math.random, uuid: () => crypto.randomUUID() };
    const settings = configOf(this.env);
    const botTimeoutMs = settings.ok ? settings.config.bot.timeoutMs : DEFAULT_BOT_TIMEOUT_MS;
    return new Ledger(position, this.#events, chance, leaseMs(botTimeoutMs));
  }

  #unseen(events: IncomingEvent[]): IncomingEvent[] {
    const keys = new Set<string>();
    return events.filter(({ key }) => {
      if (keys.has(key) || this.#events.has(key)) return false;
      keys.add(key);
      return true;
    });
  }

  #write(): void {
    const { delivery } = this.#ledger.position;
    const changes = this.#ledger.takeChanges();
    for (const event of changes.events) {
      this.#events.append(event, event.seq === delivery?.first ? delivery : null);
    }
    const isNew = changes.events.some(({ seq }) => seq === delivery?.first);
    if (delivery && changes.delivery && !isNew) this.#events.saveDelivery(delivery);
    for (const entry of changes.entries) {
      changes.open.delete(entry.entry);
      this.#outbox.append(entry);
      if (entry.outcome === "answered") continue;
      const { delivery: id, attempts } = entry;
      console.error({
        event: "dead_letter",
        conversation: this.ctx.id.name,
        delivery: id,
        last: attempts.at(-1),
      });
    }
    for (const entry of changes.open) this.#outbox.save(entry);
  }

  /** One alarm serves an exchange: it is moved only when something is due earlier, and cleared when nothing is left. */
  #arm(now: number): void {
    const due = this.#ledger.nextDue();
    if (due === null) {
      if (this.#alarmAt !== null) this.ctx.storage.deleteAlarm();
      this.#alarmAt = null;
    } else if (this.#alarmAt === null || due < this.#alarmAt || this.#alarmAt < now - ALARM_OVERDUE_MS) {
      // An alarm set for the past or for this very moment may not fire.
      this.#alarmAt = Math.max(due, now + 1);
      this.ctx.storage.setAlarm(this.#alarmAt);
    }
  }

  #workOf({ delivery, entry }: Granted): Work[] {
    const work: Work[] = [];
    if (delivery) work.push(this.#deliverWork(delivery));
    if (entry) work.push(this.#sendWork(entry));
    return work;
  }

  #deliverWork(delivery: Delivery): DeliverWork {
    const { id, page, user } = this.#parts();
    const events = this.#events.of(delivery);
    const { windowAt } = this.#ledger.position;
    return {
      kind: "deliver",
      delivery: delivery.id,
      attempt: delivery.attempt,
      conversation: {
        id,
        page,
        user,
        platform: events[0]?.platform ?? "messenger",
        windowClosesAt: windowAt === null ? null : windowAt + WINDOW_MS,
        ...readFacts(this.ctx.storage.sql),
      },
      events: events.map(({ id, type, at, raw }) => ({ id, type, at, raw })),
    };
  }

  #sendWork(entry: OpenEntry): SendWork {
    const { page, user } = this.#parts();
    const { index, body, actions } = this.#outbox.next(entry);
    const { seq, attempt } = entry;
    const isAction = body["message"] === undefined;
    return {
      kind: "send",
      entry: seq,
      index,
      attempt,
      page,
      user,
      body: JSON.stringify(body),
      isAction,
      actions,
    };
  }

  #parts(): ReturnType<typeof partsOf> {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a conversation is addressed by name only");
    return partsOf(name);
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("UNIQUE constraint failed: event.key");
