import type { partsOf } from "../ids.ts";
import { EventLog, type StoredEvent } from "./event-log.ts";
import { type Facts, FRESH_FACTS, readFacts, writeFacts } from "./facts.ts";
import { type Chance, Ledger } from "./ledger.ts";
import { WINDOW_MS } from "./limits.ts";
import { writeMark } from "./mark.ts";
import { Outbox } from "./outbox.ts";
import {
  type Changes,
  type Delivery,
  firstUnsettled,
  freshPosition,
  type Granted,
  type NewEntry,
  type OpenEntry,
  type Position,
} from "./position.ts";
import { Replays } from "./replays.ts";
import type { DeliverWork, OutgoingBody, SendWork, Work } from "./work.ts";

type Parts = ReturnType<typeof partsOf>;

/** The ledger and the tables it is kept in: reads where the conversation stands, writes what has changed. */
export class Books {
  readonly events: EventLog;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly #replays: Replays;
  readonly #sql: SqlStorage;
  #facts: Facts | undefined;

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

  /** @param written what was written down in the same step: it needn't be read again */
  workOf({ delivery, entry, tell }: Granted, written: Changes, parts: Parts): Work[] {
    const work: Work[] = [];
    if (delivery) work.push(this.#deliverWork(delivery, written, parts));
    if (entry) work.push(this.#sendWork(entry, written, parts));
    if (tell.length > 0) {
      const letters = this.outbox.letters(tell);
      work.push({ kind: "tell", conversation: parts.id, page: parts.page, letters });
    }
    return work;
  }

  #deliverWork(delivery: Delivery, written: Changes, { id, page, user }: Parts): DeliverWork {
    const events = eventsIn(written, delivery) ?? this.events.of(delivery);
    const { windowAt } = this.ledger.position;
    const { state, stateVersion, stateRefused, owner } = this.facts;
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

  #sendWork(entry: OpenEntry, written: Changes, { page, user }: Parts): SendWork {
    const added = written.entries.find((one) => one.entry === entry);
    const { index, body, actions } = nextOf(entry, added ?? this.outbox.contents(entry.seq));
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

/** The events of a delivery, if all of them came just now. */
function eventsIn({ events }: Changes, { first, through }: Delivery): StoredEvent[] | undefined {
  const [oldest] = events;
  if (!oldest || oldest.seq > first) return undefined;
  return events
    .filter(({ seq, event }) => seq >= first && seq <= through && event.forward)
    .map(({ event }) => event);
}

/** The message an entry is at, with our mark in its metadata, and the actions that go before it. */
function nextOf(
  entry: OpenEntry,
  { messages, actions }: Pick<NewEntry, "messages" | "actions">,
): { index: number; body: OutgoingBody; actions: string[] } {
  const index = firstUnsettled(entry);
  const body = messages[index] ?? {};
  // Typing dots that come back on a retry would only puzzle the user.
  const before = index === 0 && entry.attempt === 1 ? actions : [];
  const { message } = body;
  if (message === null || typeof message !== "object") return { index, body, actions: before };
  const own = "metadata" in message ? message.metadata : undefined;
  const metadata = writeMark({ entry: entry.seq, index, nonce: entry.nonce }, own);
  return { index, body: { ...body, message: { ...message, metadata } }, actions: before };
}
