import type { partsOf } from "../ids.ts";
import { EventLog } from "./event-log.ts";
import { readFacts } from "./facts.ts";
import { type Chance, Ledger } from "./ledger.ts";
import { WINDOW_MS } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import type { Changes, Delivery, Granted, OpenEntry } from "./position.ts";
import { Replays } from "./replays.ts";
import type { DeliverWork, SendWork, Work } from "./work.ts";

type Parts = ReturnType<typeof partsOf>;

/** The ledger and the tables it is kept in: reads where the conversation stands, writes what has changed. */
export class Books {
  readonly events: EventLog;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly #replays: Replays;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage, chance: Chance, leaseMs: number) {
    this.#sql = sql;
    this.events = new EventLog(sql);
    this.outbox = new Outbox(sql);
    this.#replays = new Replays(sql);
    this.ledger = new Ledger(this.#read(), this.events, chance, leaseMs);
  }

  /** Only the newest rows tell where things stand: the cost doesn't grow with the history (docs/storage.md). */
  #read() {
    const event = this.events.last();
    const entry = this.outbox.last();
    const waits =
      event.head > entry.through ? event.head : event.head && this.events.firstAfter(entry.through);
    return {
      seq: Math.max(event.seq, entry.seq),
      lastForwarded: waits > 0 ? event.seq : entry.through,
      through: entry.through,
      windowAt: event.windowAt,
      delivery: waits > 0 ? this.events.delivery(waits) : null,
      replays: this.#replays.all(),
      open: this.outbox.open(entry.openFrom),
      untold: this.outbox.untold(entry.openFrom),
      tellDue: 0,
    };
  }

  /** @returns what has been written down */
  write(now: number): Changes {
    const { delivery } = this.ledger.position;
    const changes = this.ledger.takeChanges();
    for (const event of changes.events) {
      if (delivery && event.seq === delivery.first) {
        changes.deliveries.delete(delivery);
        this.events.append(event, delivery, now);
      } else this.events.append(event, null, now);
    }
    for (const changed of changes.deliveries) {
      if (changed === delivery) this.events.saveDelivery(changed);
      else this.#replays.save(changed);
    }
    for (const over of changes.replayed) this.#replays.remove(over);
    for (const added of changes.entries) {
      changes.open.delete(added.entry);
      this.outbox.append(added);
    }
    for (const entry of changes.open) this.outbox.save(entry);
    this.outbox.told(changes.told);
    return changes;
  }

  workOf({ delivery, entry, tell }: Granted, parts: Parts): Work[] {
    const work: Work[] = [];
    if (delivery) work.push(this.#deliverWork(delivery, parts));
    if (entry) work.push(this.#sendWork(entry, parts));
    if (tell.length > 0) {
      const letters = this.outbox.letters(tell);
      work.push({ kind: "tell", conversation: parts.id, page: parts.page, letters });
    }
    return work;
  }

  #deliverWork(delivery: Delivery, { id, page, user }: Parts): DeliverWork {
    const events = this.events.of(delivery);
    const { windowAt } = this.ledger.position;
    const { state, stateVersion, stateRefused, owner } = readFacts(this.#sql);
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
        owner,
        state,
        stateVersion,
        stateRefused,
      },
      events: events.map(({ id, type, at, raw }) => ({ id, type, at, raw })),
    };
  }

  #sendWork(entry: OpenEntry, { page, user }: Parts): SendWork {
    const { index, body, actions } = this.outbox.next(entry);
    const isAction = body["message"] === undefined;
    const { seq, attempt } = entry;
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
}
