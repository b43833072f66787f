import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Receipt, shownStatus } from "../../src/conversation/receipts.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  reportAnswer,
  reportSend,
  type Stub,
  says,
  sendWork,
  sent,
} from "../support/conversation.ts";

/** A conversation with three messages sent: m_1, m_2, m_3. */
async function threeSent(): Promise<{ stub: Stub; statuses: () => Promise<string[]> }> {
  const stub = freshConversation();
  const delivery = deliverWork(await ingest(stub, [says("hello")]));
  let work = await reportAnswer(stub, delivery, answerOf("one", "two", "three"));
  for (const mid of ["m_1", "m_2", "m_3"]) {
    // Meta's times are of different milliseconds.
    const began = Date.now();
    while (Date.now() === began);
    work = await reportSend(stub, sendWork(work), sent(mid));
  }
  const statuses = async () =>
    (await stub.delivery(delivery.delivery))?.messages.map(({ status }) => status) ?? ["nothing"];
  return { stub, statuses };
}

let count = 0;
const receipt = (kind: Receipt["kind"], what: Partial<Receipt>) =>
  says(`receipt ${count++}`, {
    type: kind === "read" ? "read" : "delivery",
    forward: false,
    opensWindow: false,
    receipt: { kind, watermark: undefined, mids: [], ...what },
  });

describe("a message that was sent", () => {
  it("is delivered, then read, by watermark", async () => {
    const { stub, statuses } = await threeSent();
    expect(await statuses()).toEqual(["sent", "sent", "sent"]);
    await ingest(stub, [receipt("delivered", { watermark: Date.now() })]);
    expect(await statuses()).toEqual(["delivered", "delivered", "delivered"]);
    await ingest(stub, [receipt("read", { watermark: Date.now() })]);
    expect(await statuses()).toEqual(["read", "read", "read"]);
  });

  it("is delivered by its mid, and with it those before", async () => {
    const { stub, statuses } = await threeSent();
    await ingest(stub, [receipt("delivered", { mids: ["m_2"] })]);
    expect(await statuses()).toEqual(["delivered", "delivered", "sent"]);
    await ingest(stub, [receipt("read", { mids: ["m_1"] })]);
    expect(await statuses()).toEqual(["read", "delivered", "sent"]);
  });

  it("is not taken back by receipts that come late, twice, or of messages nobody knows", async () => {
    const { stub, statuses } = await threeSent();
    await ingest(stub, [receipt("read", { watermark: Date.now() })]);
    for (const late of [
      receipt("delivered", { watermark: 5 }),
      receipt("read", { watermark: 5 }),
      receipt("read", { mids: ["m_x"] }),
    ]) {
      await ingest(stub, [late]);
    }
    expect(await statuses()).toEqual(["read", "read", "read"]);
  });
});

it("a state never goes back as receipts come in, whatever their order", () => {
  const rank = { sent: 0, delivered: 1, read: 2 };

  fc.assert(
    fc.property(fc.nat(100), fc.array(fc.tuple(fc.nat(100), fc.nat(100))), (at, marks) => {
      let [deliveredAt, readAt, last] = [0, 0, 0];
      for (const [delivered, read] of marks) {
        deliveredAt = Math.max(deliveredAt, delivered);
        readAt = Math.max(readAt, read);
        const shown = shownStatus({ status: "sent", mid: null, at: at + 1 }, { deliveredAt, readAt });
        const now = rank[shown as keyof typeof rank];
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
    }),
  );
});
