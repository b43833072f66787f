import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import { INBOX, INSTAGRAM, PAGE, startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.meta.page(PAGE, { instagram_id: INSTAGRAM });
});
afterAll(() => world.end());

const ofPage = () => world.bot.eventsOf(`${PAGE}_page`);
const rawEvents = (conversation: string) => world.bot.eventsOf(conversation).map(({ raw }) => raw);

describe("object", () => {
  it("page is Messenger", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    expect(ada.requests()[0]?.conversation).toMatchObject({ platform: "messenger", page_id: PAGE });
  });

  it("instagram is Instagram, with the account as its page", async () => {
    const ada = world.person(INSTAGRAM);
    await ada.tells({ text: "Hello" });
    expect(ada.requests()[0]?.conversation).toMatchObject({ platform: "instagram", page_id: INSTAGRAM });
  });

  it("of another name is taken like a page's", async () => {
    const ada = world.person();
    const item = { sender: { id: ada.id }, recipient: { id: PAGE }, message: { mid: "m_1", text: "Hi" } };
    const entry = [{ id: PAGE, messaging: [item] }];
    expect((await world.deliver({ object: "holograms", entry })).status).toBe(200);
    expect(await ada.told(item)).toMatchObject({ type: "message" });
  });
});

describe("entry", () => {
  it("messaging is what goes to the bot", async () => {
    expect(await world.person().tells({ text: "Hello", channel: "messaging" })).not.toHaveProperty("standby");
  });

  it("standby is read, opens no window, and shows that another has the thread", async () => {
    const ada = world.person();
    await ada.acts({ text: "Hello", channel: "standby" });
    await ada.knows((info) =>
      expect(info).toMatchObject({ owner: "elsewhere", window: { opened_at: null } }),
    );
    expect(ada.events()).toEqual([]);
    expect((await ada.messages())[0]).toMatchObject({ from_contact: true, state: "received" });
  });

  it("changes are events with a field and a value, of the time of their entry in seconds", async () => {
    const change = { field: "mention", value: { post_id: "1_2" } };
    const entry = [{ id: PAGE, time: 1_790_000_000, changes: [change] }];
    await world.deliver({ object: "page", entry });
    await eventually(() => expect(rawEvents(`${PAGE}_page`)).toContainEqual(change));
    const found = ofPage().find(({ type }) => type === "change");
    expect(found).toMatchObject({ timestamp: 1_790_000_000_000 });
  });

  it("hop_context beside messaging goes along with each of its events", async () => {
    const ada = world.person();
    const hop_context = [{ app_id: INBOX, metadata: "{}" }];
    const { event } = await ada.acts({ text: "Hello", hop_context });
    expect(await ada.told({ ...event, hop_context })).toMatchObject({ type: "message" });
  });

  it("of a kind that isn't known is an event of the page", async () => {
    const entry = { id: PAGE, time: 1_790_000_000_000, holograms: [{ depth: 3 }] };
    await world.deliver({ object: "page", entry: [entry] });
    await eventually(() => expect(rawEvents(`${PAGE}_page`)).toContainEqual(entry));
  });

  it("of a page that has no token here goes to the bot nevertheless", async () => {
    const page = "555000555000555";
    const item = { sender: { id: "7" }, recipient: { id: page }, timestamp: 1, message: { mid: "m_7" } };
    await world.deliver({ object: "page", entry: [{ id: page, messaging: [item] }] });
    await eventually(() => expect(rawEvents(`${page}_7`)).toEqual([item]));
  });
});

describe("ids", () => {
  it("that are numbers are taken as text", async () => {
    const ada = world.person();
    const item = {
      sender: { id: Number(ada.id) },
      recipient: { id: Number(PAGE) },
      message: { mid: "m_1", text: "Hi" },
    };
    await world.deliver({ object: "page", entry: [{ id: Number(PAGE), messaging: [item] }] });
    await ada.told(item);
    expect(ada.requests()[0]?.conversation).toMatchObject({ page_id: PAGE, user_id: ada.id });
  });

  it("of more digits than a number holds keep them all", async () => {
    const user = "70017001700170017001";
    const item = `{"sender":{"id":${user}},"recipient":{"id":${PAGE}},"timestamp":1790000000000,"message":{"mid":"m_1","app_data":9007199254740993}}`;
    await world.deliver(`{"object":"page","entry":[{"id":${PAGE},"messaging":[${item}]}]}`);
    await eventually(() => expect(world.bot.eventsOf(`${PAGE}_${user}`)).toHaveLength(1));
    expect(rawEvents(`${PAGE}_${user}`)[0]).toMatchObject({
      sender: { id: user },
      message: { app_data: "9007199254740993" },
    });
  });
});

describe("the user", () => {
  it("is the sender", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    expect(ada.requests()[0]?.conversation.user_id).toBe(ada.id);
  });

  it("is the recipient of an echo", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const { mid } = await world.meta.reply(ada.id, { text: "From the inbox" });
    await eventually(async () =>
      expect((await ada.messages()).at(-1)).toMatchObject({ source_id: mid, from_contact: false }),
    );
  });

  it("is the user_ref of a checkbox that names no sender", async () => {
    const { event } = await world.person().acts({ optin: { ref: "cart", user_ref: "checkbox-7" } });
    await eventually(() => expect(rawEvents(`${PAGE}_ref:checkbox-7`)).toEqual([event]));
  });

  it("is nobody where only the page is concerned", async () => {
    const { event } = await world.meta.tellPage(PAGE, { app_roles: { "1": ["primary_receiver"] } });
    await eventually(() => expect(rawEvents(`${PAGE}_page`)).toContainEqual(event));
  });
});

describe("an event", () => {
  it("has the time of its item", async () => {
    const ada = world.person();
    const { timestamp } = await ada.tells({ text: "Hello", timestamp: 1_790_000_000_123 });
    expect(timestamp).toBe(1_790_000_000_123);
  });

  it("keeps fields nobody has heard of", async () => {
    const raw = { message: { aura: { colour: "blue" } }, later: [1, null] };
    const event = await world.person().tells({ text: "Hello", raw });
    expect(event).toMatchObject({ type: "message", raw });
  });

  it("of a kind nobody has heard of is unknown, not lost", async () => {
    expect(await world.person().posts({ hologram: { depth: 3 } })).toMatchObject({ type: "unknown" });
  });

  it("that lacks what its kind needs is unknown, not lost", async () => {
    expect(await world.person().posts({ message: { text: "no mid" } })).toMatchObject({ type: "unknown" });
  });
});
