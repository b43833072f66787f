import { describe, expect, it } from "vitest";
import { type Policy, readBatch, readEnvelope } from "../../src/webhook/batch.ts";
import { EVENTS, envelope, FEED_COMMENT, PAGE, text, USER } from "../fixtures/events.ts";

const POLICY = { appId: "900100200300", botEvents: undefined };
const NOW = 1_790_000_500_000;

async function read(body: unknown, policy: Policy = POLICY) {
  const envelope = readEnvelope(body);
  const batch = envelope && (await readBatch(envelope, NOW, () => policy));
  if (!batch) throw new Error("not an envelope");
  return [...batch].flatMap(([conversation, events]) => events.map((event) => ({ conversation, ...event })));
}
async function only(body: unknown, policy = POLICY) {
  const [event, ...more] = await read(body, policy);
  if (!event || more.length > 0) throw new Error("expected one event");
  return event;
}

describe("every kind of event", () => {
  for (const { name, type, item } of EVENTS) {
    it(`is kept whole and told apart: ${name} → ${type}`, async () => {
      const event = await only(envelope([item]));
      expect(event.type).toBe(type);
      expect(JSON.parse(event.raw)).toEqual(item);
      expect(event.at).toBe(item["timestamp"]);
      expect(event.forward).toBe(true);
    });
  }

  it("has an identity of its own", async () => {
    const events = await read(envelope(EVENTS.map(({ item }) => item)));
    expect(new Set(events.map(({ key }) => key)).size).toBe(EVENTS.length);
  });

  it("has the same identity when it comes again, also with its fields in another order", async () => {
    for (const { item } of EVENTS) {
      const reordered = Object.fromEntries(Object.entries(item).reverse());
      expect((await only(envelope([reordered]))).key).toBe((await only(envelope([item]))).key);
    }
  });
});

describe("whose conversation an event belongs to", () => {
  it("is the sender's, on an echo the recipient's", async () => {
    const echo = {
      sender: { id: PAGE },
      recipient: { id: USER },
      timestamp: 1,
      message: { mid: "m", is_echo: true },
    };
    expect((await only(envelope([text("m_1", "Hi")]))).conversation).toBe(`${PAGE}_${USER}`);
    expect((await only(envelope([echo]))).conversation).toBe(`${PAGE}_${USER}`);
  });

  it("survives ids of 17 digits and more given as numbers", async () => {
    const body = {
      object: "page",
      entry: [
        {
          id: "10987654321098765",
          messaging: [
            {
              sender: { id: "12345678901234567" },
              recipient: { id: "10987654321098765" },
              timestamp: 1,
              message: { mid: "m" },
            },
          ],
        },
      ],
    };
    expect((await only(body)).conversation).toBe("10987654321098765_12345678901234567");
  });

  it("is a checkbox reference's when there is no sender yet", async () => {
    const optin = { recipient: { id: PAGE }, timestamp: 1, optin: { ref: "cart", user_ref: "ref-4711" } };
    expect((await only(envelope([optin]))).conversation).toBe(`${PAGE}_ref:ref-4711`);
  });

  it("is the page's own when it concerns nobody in particular", async () => {
    const policy = {
      recipient: { id: PAGE },
      timestamp: 1,
      policy_enforcement: { action: "block", reason: "spam" },
    };
    expect((await only(envelope([policy]))).conversation).toBe(`${PAGE}_page`);
  });

  it("is the page's own when the sender's id is nothing that could be one", async () => {
    for (const id of ["x".repeat(5000), "a b", "ä", { nested: 1 }, null]) {
      const event = await only(
        envelope([{ sender: { id }, recipient: { id: PAGE }, timestamp: 1, hologram: 1 }]),
      );
      expect(event.conversation).toBe(`${PAGE}_page`);
    }
  });
});

describe("the envelope", () => {
  it("is read whole: every entry, messaging, standby and changes", async () => {
    const events = await read({
      object: "page",
      entry: [
        { id: PAGE, time: 1_790_000_000_000, messaging: [text("m_1", "a"), text("m_2", "b")] },
        { id: PAGE, time: 1_790_000_000_000, standby: [text("m_3", "c")] },
        {
          id: "200300400500600",
          time: 1_790_000_000,
          changes: [FEED_COMMENT, { field: "mention", value: {} }],
        },
      ],
    });
    expect(events.map(({ type, conversation, shownIn }) => [type, conversation, shownIn])).toEqual([
      ["message", `${PAGE}_${USER}`, "messaging"],
      ["message", `${PAGE}_${USER}`, "messaging"],
      ["message", `${PAGE}_${USER}`, "standby"],
      ["feed", `200300400500600_${USER}`, undefined],
      ["change", "200300400500600_page", undefined],
    ]);
    expect(events[3]?.at).toBe(1_790_000_000_000);
  });

  it("gives each event what conversation routing says beside them", async () => {
    const hop = { app_id: "4711", metadata: "from the desk" };
    const item = text("m_1", "a");
    const [one, other] = await read({
      object: "page",
      entry: [{ id: PAGE, hop_context: hop, messaging: [item, text("m_2", "b")] }],
    });
    expect(JSON.parse(one?.raw ?? "")).toEqual({ ...item, hop_context: hop });
    expect(JSON.parse(other?.raw ?? "").hop_context).toEqual(hop);
  });

  it("keeps what a standby copy says apart from the message itself", async () => {
    const item = text("m_1", "a");
    const [own, copy] = await read({
      object: "page",
      entry: [{ id: PAGE, messaging: [item], standby: [item] }],
    });
    expect(own?.key).not.toBe(copy?.key);
    expect(copy?.opensWindow).toBe(false);
  });

  it.each([1_790_000_000_000.5, 1e300, 1_790_000_000_000_000_000, -1])(
    "takes nothing from a watermark that is no time: %s",
    async (watermark) => {
      const item = { sender: { id: USER }, recipient: { id: PAGE }, timestamp: 1, read: { watermark } };
      expect((await only(envelope([item]))).receipt).toEqual({
        kind: "read",
        watermark: undefined,
        mids: [],
      });
    },
  );

  it("tells Instagram from Messenger", async () => {
    expect((await only({ ...envelope([text("m_1", "a")]), object: "instagram" })).platform).toBe("instagram");
  });

  it("keeps entries and items of kinds that don't exist yet", async () => {
    const events = await read({
      object: "page",
      entry: [
        { id: PAGE, time: 1, holograms: [1] },
        { id: PAGE, messaging: ["text", null] },
      ],
    });
    expect(events.map(({ type, raw }) => [type, raw])).toEqual([
      ["unknown", JSON.stringify({ id: PAGE, time: 1, holograms: [1] })],
      ["unknown", '"text"'],
      ["unknown", "null"],
    ]);
  });

  it("is refused when it is none", async () => {
    for (const body of [
      null,
      1,
      "text",
      [],
      {},
      { object: "page" },
      { object: "page", entry: {} },
      { object: "page", entry: [1] },
      { object: "page", entry: [{}] },
    ]) {
      expect(readEnvelope(body)).toBeUndefined();
    }
  });
});

describe("what goes to the bot", () => {
  const echo = (message: Record<string, unknown>) => ({
    sender: { id: PAGE },
    recipient: { id: USER },
    timestamp: 1,
    message: { is_echo: true, mid: "m_out", ...message },
  });

  it("is not the echo of what it wrote itself", async () => {
    expect((await only(envelope([echo({ metadata: "mg1.2.0.0123abcd" })]))).forward).toBe(false);
    expect((await only(envelope([echo({ app_id: 900100200300 })]))).forward).toBe(false);
  });

  it("is the echo of another app's message and of a person's", async () => {
    expect((await only(envelope([echo({ app_id: 5 })]))).forward).toBe(true);
    expect((await only(envelope([echo({ metadata: "campaign 7" })]))).forward).toBe(true);
  });

  it("can be narrowed by BOT_EVENTS", async () => {
    const policy = { appId: undefined, botEvents: new Set(["postback"]) };
    const events = await read(envelope(EVENTS.map(({ item }) => item)), policy);
    expect(new Set(events.filter(({ forward }) => forward).map(({ type }) => type))).toEqual(
      new Set(["postback"]),
    );
  });
});
