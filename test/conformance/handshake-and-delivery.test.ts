import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import { PAGE, startWorld, VERIFY_TOKEN, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.meta.noFaults());
afterAll(() => world.end());

const handshake = (parameters: Record<string, string>) =>
  fetch(`${world.gateway.url}/webhook?${new URLSearchParams(parameters)}`);
const asked = {
  "hub.mode": "subscribe",
  "hub.challenge": "1158201444",
  "hub.verify_token": VERIFY_TOKEN,
};

const textFrom = (user: string, mid: string, text = "Hello") => ({
  sender: { id: user },
  recipient: { id: PAGE },
  timestamp: Date.now(),
  message: { mid, text },
});
const envelope = (...messaging: unknown[]) => ({
  object: "page",
  entry: [{ id: PAGE, time: Date.now(), messaging }],
});

describe("the handshake", () => {
  it("is answered with the challenge as plain text", async () => {
    const response = await handshake(asked);
    expect([response.status, await response.text()]).toEqual([200, "1158201444"]);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  });

  it("passes when Meta does it", async () => {
    expect(await world.meta.verifyWebhook()).toMatchObject({ ok: true, status: 200 });
  });

  it("with another token or mode is refused with 403", async () => {
    expect((await handshake({ ...asked, "hub.verify_token": "guessed" })).status).toBe(403);
    expect((await handshake({ ...asked, "hub.mode": "unsubscribe" })).status).toBe(403);
  });

  it("with a parameter missing is refused with 400", async () => {
    for (const name of Object.keys(asked)) {
      const rest = Object.fromEntries(Object.entries(asked).filter(([key]) => key !== name));
      expect((await handshake(rest)).status).toBe(400);
    }
  });
});

describe("the signature", () => {
  it("is over the bytes as they came, with everything beyond ASCII escaped", async () => {
    const ada = world.person();
    const { raw } = await ada.tells({ text: "Grüß Gott 🚀 </b>" });
    expect(raw).toMatchObject({ message: { text: "Grüß Gott 🚀 </b>" } });
  });

  it("is refused with 401 when it is missing, and nothing is stored or forwarded", async () => {
    const ada = world.person();
    const body = envelope(textFrom(ada.id, "m_unsigned"));
    expect((await world.deliver(body, {})).status).toBe(401);
    const { status } = await world.call("/conversations.info", { conversation_id: ada.conversation });
    expect(status).toBe(404);
    expect(ada.requests()).toEqual([]);
  });

  it("is refused with 401 when it is of another secret, or of other bytes", async () => {
    const body = JSON.stringify(envelope(textFrom(world.person().id, "m_forged")));
    const forged = `sha256=${"0".repeat(64)}`;
    expect((await world.deliver(body, { "x-hub-signature-256": forged })).status).toBe(401);
    const good = await world.sign(body);
    expect((await world.deliver(`${body} `, { "x-hub-signature-256": good })).status).toBe(401);
  });

  it("by SHA-1 alone is never enough", async () => {
    const body = JSON.stringify(envelope(textFrom(world.person().id, "m_sha1")));
    const legacy = { "x-hub-signature": "sha1=e3b0c44298fc1c149afbf4c8996fb92427ae41e4" };
    expect((await world.deliver(body, legacy)).status).toBe(401);
  });

  it("may be made with any of the app secrets, so that one can be changed", async () => {
    const ada = world.person();
    const item = textFrom(ada.id, "m_former");
    const body = JSON.stringify(envelope(item));
    const signature = await world.sign(body, "former");
    expect((await world.deliver(body, { "x-hub-signature-256": signature })).status).toBe(200);
    await ada.told(item);
  });
});

describe("a delivery of Meta's", () => {
  it("is answered 200 EVENT_RECEIVED", async () => {
    const response = await world.deliver(envelope(textFrom(world.person().id, "m_plain")));
    expect([response.status, await response.text()]).toEqual([200, "EVENT_RECEIVED"]);
  });

  it("may hold many entries with many items, and none is missed", async () => {
    const [ada, ben] = [world.person(), world.person()];
    await world.meta.webhooks({ hold: true });
    for (const words of ["one", "two", "three"]) {
      await ada.acts({ text: words });
      await ben.acts({ text: words });
      await ben.acts({ text: `${words}!` });
    }
    await world.meta.noFaults();
    const words = (person: typeof ada) =>
      person.events().map(({ raw }) => (raw as { message: { text: string } }).message.text);
    await eventually(() => {
      expect(words(ada)).toEqual(["one", "two", "three"]);
      expect(words(ben)).toEqual(["one", "one!", "two", "two!", "three", "three!"]);
    });
    expect((await world.meta.deliveries()).at(-1)).toMatchObject({ events: 9, status: 200 });
  });

  it("may come several times, and the bot is told once", async () => {
    const ada = world.person();
    await world.meta.webhooks({ duplicate: 4 });
    const { mid } = await ada.acts({ text: "once" });
    await ada.acts({ postback: { title: "Yes", payload: "YES" } });
    const { event } = await ada.acts({ referral: { ref: "last" } });
    await ada.told(event);
    await ada.tells({ text: "after" });
    expect(ada.events().map(({ type }) => type)).toEqual(["message", "postback", "referral", "message"]);
    expect(ada.events()[0]?.id).toBe(mid);
  });

  it("that mixes the order of its events is taken whole", async () => {
    const ada = world.person();
    await world.meta.webhooks({ shuffle: true, hold: true });
    const said = [];
    for (let count = 0; count < 8; count++) said.push(await ada.acts({ text: `${count}` }));
    await world.meta.noFaults();
    for (const { event } of said) await ada.told(event);
    expect(ada.events()).toHaveLength(8);
  });

  it("that can't be understood inside is answered 200 all the same: it would only come again", async () => {
    const odd = [
      envelope(null),
      envelope("text", 7, []),
      envelope({ message: "no object" }),
      { object: "page", entry: [{ id: PAGE, time: 1 }] },
      { object: "page", entry: [] },
      { object: "whatever", entry: [{ id: PAGE, changes: [{ field: 7 }] }] },
    ];
    for (const body of odd) expect((await world.deliver(body)).status).toBe(200);
  });

  it("that is no envelope is refused with 400", async () => {
    for (const body of ["{", "[]", '"text"', '{"object":"page"}']) {
      expect((await world.deliver(body)).status).toBe(400);
    }
  });

  it("that the gateway misses is taken when Meta tries again", async () => {
    const ada = world.person();
    await world.stop();
    const { event } = await ada.acts({ text: "while it was down" });
    await eventually(async () => {
      const last = (await world.meta.deliveries()).at(-1);
      expect(last).toMatchObject({ status: null });
    });
    await world.restart();
    await ada.told(event);
    expect(ada.events()).toHaveLength(1);
  });
});
