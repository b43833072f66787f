import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { APP, INBOX, OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** Whose turn it is to answer: the bot's, a person's, or another app's. */

const [STANDBY, TOGETHER, ROUTED] = OTHER_PAGES;
const OTHER_APP = "555666777888";

let world: World;
beforeAll(async () => {
  world = await startWorld({
    [STANDBY]: { forward_standby: true },
    [TOGETHER]: { pause_on_inbox_reply: false },
  });
  const apps = [
    { id: INBOX, name: "Page Inbox" },
    { id: OTHER_APP, name: "Another bot" },
  ];
  for (const page of [PAGE, STANDBY, ROUTED]) await world.meta.page(page, { apps });
  await world.meta.page(ROUTED, { conversation_routing: true });
});
afterAll(() => world.end());

async function somebody(page = PAGE): Promise<Person> {
  const ada = world.person(page);
  await ada.tells({ text: "Hello" });
  return ada;
}

const isOwnedBy = (ada: Person, owner: string) => ada.knows((info) => expect(info["owner"]).toBe(owner));

/** Another app does something with the thread. @returns the event, once it has had its effect */
async function appActs(ada: Person, step: Record<string, unknown>) {
  const { event } = await world.meta.control(ada.id, { page_id: ada.page, ...step });
  if (!event) throw new Error("Meta tells nothing of this");
  return ada.told(event);
}

const ownerAtMeta = (ada: Person) => expect.poll(async () => (await ada.thread()).owner_app_id);
const asks = (ada: Person, path: string, more: Record<string, unknown> = {}) =>
  world.call(path, { conversation_id: ada.conversation, ...more }, "bot");

describe("another app", () => {
  it("that takes the thread is its owner, and the bot is told", async () => {
    const ada = await somebody();
    expect(await appActs(ada, { action: "take", app_id: OTHER_APP })).toMatchObject({
      type: "take_thread_control",
      raw: { take_thread_control: { new_owner_app_id: OTHER_APP } },
    });
    await isOwnedBy(ada, OTHER_APP);
  });

  it("that has the thread reads what the person writes; the bot isn't told, and may not write", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    await ada.acts({ text: "To the other" });
    await eventually(async () => expect(await ada.messages()).toHaveLength(2));
    expect(ada.events().map(({ type }) => type)).toEqual(["message", "take_thread_control"]);
    expect(await ada.sent({ message: { text: "Hi" } })).toMatchObject({
      status: 409,
      body: { code: "not_owner" },
    });
  });

  it("that passes the thread to us makes it the bot's again", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    expect(await appActs(ada, { action: "pass", app_id: OTHER_APP, metadata: "over to you" })).toMatchObject({
      type: "pass_thread_control",
      raw: { pass_thread_control: { new_owner_app_id: APP, metadata: "over to you" } },
    });
    await isOwnedBy(ada, "bot");
    await ada.getsAnswer([{ text: "Here I am" }]);
    expect(await ada.seesOne()).toMatchObject({ text: "Here I am" });
  });

  it("that asks for the thread is noted, and the bot may pass it", async () => {
    const ada = await somebody();
    const event = await appActs(ada, { action: "request", app_id: OTHER_APP });
    expect(event).toMatchObject({ type: "request_thread_control" });
    await ada.knows((info) => expect(info["about"]).toMatchObject({ wanted_by: { app: OTHER_APP } }));
    await isOwnedBy(ada, "bot");
  });

  it("that lets the thread go leaves it to whoever comes first: what follows is the bot's", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    await world.meta.control(ada.id, { action: "release", app_id: OTHER_APP });
    await ada.tells({ text: "Anybody?" });
    await isOwnedBy(ada, "bot");
  });

  it("that writes shows as an echo with its app_id and metadata, and stays no owner", async () => {
    const ada = await somebody();
    const said = await world.meta.reply(ada.id, { text: "Buy", app_id: OTHER_APP, metadata: "campaign 7" });
    expect(await ada.told(said.event)).toMatchObject({
      id: said.mid,
      type: "echo",
      raw: { message: { metadata: "campaign 7" } },
    });
    expect((await ada.messages()).at(-1)).toMatchObject({ sender: { kind: "app", id: OTHER_APP } });
    await isOwnedBy(ada, "bot");
  });

  it("is read by the bot too where the page's settings want it", async () => {
    const ada = await somebody(STANDBY);
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    ada.botAnswers({ messages: [{ text: "I know better" }] });
    expect(await ada.tells({ text: "To the other" })).toMatchObject({ type: "message", standby: true });
    expect(await ada.settled()).toMatchObject({ metadata: { error: { code: "not_owner" } } });
    expect(await ada.seen()).toEqual([]);
  });
});

describe("a person", () => {
  it("who writes in Meta's inbox takes the conversation over, and the bot is silent", async () => {
    const ada = await somebody();
    const { mid } = await world.meta.reply(ada.id, { text: "This is Ben" });
    await isOwnedBy(ada, "human");
    expect((await ada.messages()).at(-1)).toMatchObject({ source_id: mid, sender: { kind: "inbox" } });
    await ada.acts({ text: "Hello Ben" });
    await eventually(async () => expect(await ada.messages()).toHaveLength(3));
    expect(ada.events()).toHaveLength(1);
  });

  it("who writes in the inbox under its app_id, as since Graph v12, is one all the same", async () => {
    const ada = await somebody();
    await world.meta.reply(ada.id, { text: "This is Ben", app_id: INBOX });
    await isOwnedBy(ada, "human");
  });

  it("writes beside the bot where the page's settings want it", async () => {
    const ada = await somebody(TOGETHER);
    const said = await world.meta.reply(ada.id, { text: "This is Ben", page_id: TOGETHER });
    expect(await ada.told(said.event)).toMatchObject({ type: "echo" });
    await isOwnedBy(ada, "bot");
  });

  it("who writes by the HTTP API takes the conversation over, too", async () => {
    const ada = await somebody();
    await ada.sent({ message: { text: "This is Ben" } }, "operator");
    await ada.seesOne();
    await isOwnedBy(ada, "human");
    expect(await ada.sent({ message: { text: "Hi" } })).toMatchObject({ body: { code: "not_owner" } });
  });

  it("who took over while the bot was thinking isn't talked over", async () => {
    const ada = await somebody();
    ada.botAnswers(async () => {
      await world.meta.reply(ada.id, { text: "This is Ben" });
      await isOwnedBy(ada, "human");
      return { body: { messages: [{ text: "Late" }] } };
    });
    await ada.tells({ text: "Help" });
    expect(await ada.settled()).toMatchObject({ metadata: { error: { code: "not_owner" } } });
    expect(await ada.seen()).toMatchObject([{ text: "This is Ben" }]);
  });

  it("hands back to the bot by a call", async () => {
    const ada = await somebody();
    await world.meta.reply(ada.id, { text: "This is Ben" });
    await isOwnedBy(ada, "human");
    expect(await asks(ada, "/conversations.set-owner", { owner: "bot" })).toMatchObject({
      status: 200,
      body: { owner: "bot" },
    });
    await ada.tells({ text: "Back to the bot" });
  });
});

describe("the bot", () => {
  it("hands over to a person: its last words go, and it hears no more", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Ben will help you" }], { handover: "human" });
    await ada.seesOne();
    await isOwnedBy(ada, "human");
    await ada.acts({ text: "Thanks" });
    await eventually(async () => expect(await ada.messages()).toHaveLength(3));
    expect(ada.events()).toHaveLength(1);
  });

  it("hands over to another app, which Meta is told after its last words", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Another bot will help you" }], { handover: OTHER_APP });
    await ownerAtMeta(ada).toBe(OTHER_APP);
    expect(await ada.seesOne()).toMatchObject({ text: "Another bot will help you" });
    await isOwnedBy(ada, OTHER_APP);
  });

  it("is never told of the echoes of its own messages", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }]);
    await ada.settled();
    await ada.tells({ text: "Thanks" });
    expect(ada.events().map(({ type }) => type)).toEqual(["message", "message"]);
  });

  it("that answers first takes an idle thread under Conversation Routing", async () => {
    const ada = world.person(ROUTED);
    await ada.getsAnswer([{ text: "Hi" }]);
    await ada.seesOne();
    await ownerAtMeta(ada).toBe(APP);
    await isOwnedBy(ada, "bot");
  });
});
