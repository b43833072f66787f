import gateway, { Dispatcher, Conversation as Gateway } from "./gateway.js";

export * from "./gateway.js";

/**
 * The gateway's own bundle, with a meter on what Cloudflare bills: requests of the Worker and of the object, rows, and
 * the object's time. With OBJECT_AWAITS the object itself does the work it hands out and waits for the bot: the design
 * that the gateway's is compared with, made of the same code. GET /units tells, by conversation; with ?later=MS it also
 * lets so much time pass for the gateway's clock.
 */

const EVERYTHING = { deliver: true, send: true, tell: true };
const metered = new Map();

let ahead = 0;
const clock = Date.now;
Date.now = () => clock() + ahead;

export class Conversation extends Gateway {
  #bill;
  /** What the Dispatcher finds in place of the namespace: this object, called without a request. */
  #self;

  constructor(ctx, env) {
    const bill = billOf(ctx.id.name);
    meter(ctx.storage, bill);
    super(ctx, env);
    this.#bill = bill;
    const stub = {
      settleDelivery: (report) => super.settleDelivery(report, EVERYTHING),
      settleSend: (report) => super.settleSend(report, EVERYTHING),
    };
    this.#self = { ...env, CONVERSATION: { getByName: () => stub } };
  }

  async ingest(events, take, rules) {
    const ingested = await this.#billed(() => super.ingest(events, take, rules));
    if (!this.env.OBJECT_AWAITS) return ingested;
    this.ctx.waitUntil(this.#doWork(ingested.work));
    return { ...ingested, work: [] };
  }

  settleDelivery(report, capacity) {
    return this.#billed(() => super.settleDelivery(report, capacity));
  }

  settleSend(report, capacity) {
    return this.#billed(() => super.settleSend(report, capacity));
  }

  alarm() {
    return this.#billed(() => super.alarm());
  }

  /** A request, and the time until what it wrote is on disk. */
  async #billed(call) {
    const began = performance.now();
    this.#bill.objectRequests++;
    try {
      return await call();
    } finally {
      await this.ctx.storage.sync();
      this.#bill.objectMs += performance.now() - began;
    }
  }

  async #doWork(work) {
    const began = performance.now();
    const waits = [];
    const dispatcher = { env: this.#self, ctx: { waitUntil: (promise) => waits.push(promise) } };
    Dispatcher.prototype.run.call(dispatcher, this.ctx.id.name, work, "ordinary");
    await Promise.all(waits);
    await this.ctx.storage.sync();
    this.#bill.objectMs += performance.now() - began;
  }
}

export default {
  async fetch(request, env, ctx) {
    if (request.method === "GET") {
      ahead += Number(new URL(request.url).searchParams.get("later") ?? 0);
      return Response.json(Object.fromEntries(metered));
    }
    return gateway.fetch(request, env, ctx);
  },
};

function billOf(conversation) {
  const bill = metered.get(conversation) ?? { objectRequests: 0, rowsWritten: 0, rowsRead: 0, objectMs: 0 };
  metered.set(conversation, bill);
  return bill;
}

/** A set or cleared alarm counts as a row written: the price list names the first and leaves the second open. */
function meter(storage, bill) {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (...args) => {
    const cursor = exec(...args);
    const toArray = cursor.toArray.bind(cursor);
    const count = () => {
      bill.rowsRead += cursor.rowsRead;
      bill.rowsWritten += cursor.rowsWritten;
    };
    cursor.toArray = () => {
      const rows = toArray();
      count();
      return rows;
    };
    if (!/^\s*SELECT/i.test(args[0])) count();
    return cursor;
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (at) => {
    bill.rowsWritten++;
    return setAlarm(at - ahead);
  };
  const deleteAlarm = storage.deleteAlarm.bind(storage);
  storage.deleteAlarm = () => {
    bill.rowsWritten++;
    return deleteAlarm();
  };
}
