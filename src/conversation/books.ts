import type { partsOf } from "../ids.ts";
import { EventLog, type StoredEvent } from "./event-log.ts";
import { type Facts, FRESH_FACTS, readFacts, writeFacts } from "./facts.ts";
import { deliverWork, sendWork } from "./handing-out.ts";
import { Ledger } from "./ledger.ts";
import { RECEIPT_REACH } from "./limits.ts";
import type { Annotation } from "./notes.ts";
import { Outbox } from "./outbox.ts";
import { type Changes, type Delivery, freshPosition, type Granted, type Position } from "./position.ts";
import { Replays } from "./replays.ts";
import type { Chance } from "./sheet.ts";
import type { Work } from "./work.ts";

type Parts = ReturnType<typeof partsOf>;

/** The ledger and the tables it is kept in: reads where the conversation stands, writes what has changed. */
export class Books {
  readonly events: EventLog;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly #replays: Replays;
  readonly #sql: SqlStorage;
  #facts: Facts | undefined;
  #annotations: { annotation: Annotation; at: number }[] = [];

  /** @param isFresh nothing is in the tables yet: there is no need to look */
  constructor(sql: SqlStorage, isFresh: boolean, chance: Chance, leaseMs: number) {
    this.#sql = sql;
    if (isFresh) this.#facts = FRESH_FACTS;
    this.events = new EventLog(sql);
    this.outbox = new Outbox(sql);
    this.#replays = new Replays(sql);
    this.ledger = new Ledger(isFresh ? freshPosition() : this.#read(), this.events, chance, leaseMs);
  }

  /** Only the newest rows tell where things stand: the cost doesn't grow with the history (docs/storage.md). */
  #read(): Position {
    const event = this.events.last();
    const entry = this.outbox.last();
    const waits =
      event.head > entry.through ? event.head : event.head && this.events.firstAfter(entry.through);
    return {
      seq: Math.max(event.seq, entry.seq),
      lastForwarded: waits > 0 ? event.seq : entry.through,
      through: entry.through,
      windowAt: event.windowAt,
      platform: event.platform,
      delivery: waits > 0 ? this.events.delivery(waits) : null,
      replays: this.#replays.all(),
      open: this.outbox.open(entry.openFrom),
      untold: this.outbox.untold(entry.openFrom),
      tellDue: 0,
    };
  }

  get facts(): Facts {
    this.#facts ??= readFacts(this.#sql);
    return this.#facts;
  }

  /** Writes facts down, if they have changed. */
  keep(facts: Facts): void {
    if (facts === this.facts) return;
    writeFacts(this.#sql, facts);
    this.#facts = facts;
  }

  /** Notes what has become of a message, when all that came with it is written down: it may have come along. */
  annotate(annotation: Annotation, at: number): void {
    this.#annotations.push({ annotation, at });
  }

  /** @returns what has been written down, as far as it is still the same */
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
    const annotations = this.#annotations;
    if (annotations.length === 0) return changes;
    this.#annotations = [];
    for (const { annotation, at } of annotations) {
      if (!this.events.annotate(annotation, at)) this.outbox.annotate(annotation, at, RECEIPT_REACH);
    }
    // They may not be any more what they came as.
    return { ...changes, events: [] };
  }

  /** @param written what was written down in the same step: it needn't be read again */
  workOf({ delivery, entry, tell }: Granted, written: Changes, parts: Parts, now: number): Work[] {
    const work: Work[] = [];
    const { position } = this.ledger;
    if (delivery) {
      const events = eventsIn(written, delivery) ?? this.events.of(delivery);
      work.push(deliverWork(delivery, events, position, this.facts, parts, now));
    }
    if (entry) {
      const contents = written.entries.find((one) => one.entry === entry) ?? this.outbox.contents(entry.seq);
      work.push(sendWork(entry, contents, position, this.facts, parts, now));
    }
    if (tell.length > 0) {
      const letters = this.outbox.letters(tell);
      work.push({ kind: "tell", conversation: parts.id, page: parts.page, letters });
    }
    return work;
  }
}

/** The events of a delivery, if all of them came just now. */
function eventsIn({ events }: Changes, { first, through }: Delivery): StoredEvent[] | undefined {
  const [oldest] = events;
  if (!oldest || oldest.seq > first) return undefined;
  return events
    .filter(({ seq, event }) => seq >= first && seq <= through && event.forward)
    .map(({ event }) => event);
}
