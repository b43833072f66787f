import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { APP, INBOX, PAGE, startWorld, TROUBLED_PAGES, type World } from "./support/world.ts";

/** Moving a thread between apps by the HTTP API, and what Meta is told of it. */

const [DISABLED = PAGE] = TROUBLED_PAGES;
const OTHER_APP = "555666777888";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const apps = [
    { id: INBOX, name: "Page Inbox" },
    { id: OTHER_APP, name: "Another bot" },
  ];
  await world.meta.page(PAGE, { apps });
  await world.meta.page(DISABLED, { apps, handover_apis: "none" });
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

describe("the calls", () => {
  it("pass-thread gives it to an app of the page", async () => {
    const ada = await somebody();
    const passed = await asks(ada, "/conversations.pass-thread", {
      target_app_id: OTHER_APP,
      metadata: "please",
    });
    expect(passed).toMatchObject({ status: 200, body: { owner: OTHER_APP } });
    await ownerAtMeta(ada).toBe(OTHER_APP);
  });

  it("pass-thread to an app that isn't on the page leaves it to the bot", async () => {
    const ada = await somebody();
    await asks(ada, "/conversations.pass-thread", { target_app_id: "999" });
    await isOwnedBy(ada, "bot");
    await ownerAtMeta(ada).toBeNull();
  });

  it("take-thread takes it from the app that has it", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    await isOwnedBy(ada, OTHER_APP);
    expect(await asks(ada, "/conversations.take-thread")).toMatchObject({ body: { owner: "bot" } });
    await ownerAtMeta(ada).toBe(APP);
  });

  it("request-thread asks Meta for it", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    expect(await asks(ada, "/conversations.request-thread", { metadata: "please" })).toMatchObject({
      status: 200,
    });
    await eventually(async () => {
      const calls = await world.meta.calls();
      expect(calls.filter(({ path }) => path.endsWith("/request_thread_control"))).toMatchObject([
        { status: 200 },
      ]);
    });
  });

  it("release-thread lets it go", async () => {
    const ada = await somebody();
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    await appActs(ada, { action: "pass", app_id: OTHER_APP });
    await ownerAtMeta(ada).toBe(APP);
    await asks(ada, "/conversations.release-thread");
    await ownerAtMeta(ada).toBeNull();
  });

  it("thread-owner is Meta's word: an app and until when, or nobody", async () => {
    const ada = await somebody();
    expect(await asks(ada, "/conversations.thread-owner")).toMatchObject({
      body: { app_id: null, expires_at: null },
    });
    await appActs(ada, { action: "take", app_id: OTHER_APP });
    expect(await asks(ada, "/conversations.thread-owner")).toMatchObject({
      body: { app_id: OTHER_APP, expires_at: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
  });

  it("receivers are the apps of the page", async () => {
    const { body } = await world.call("/conversations.receivers", { page_id: PAGE });
    expect(body["data"]).toContainEqual({ id: OTHER_APP, name: "Another bot" });
  });

  it("on a page without Meta's thread control move our own switch", async () => {
    const ada = await somebody(DISABLED);
    await asks(ada, "/conversations.pass-thread", { target_app_id: OTHER_APP });
    await ada.knows((info) => expect(info).toMatchObject({ owner: OTHER_APP, is_sending: false }));
    expect(await asks(ada, "/conversations.take-thread")).toMatchObject({ body: { owner: "bot" } });
    await ada.tells({ text: "Still here" });
  });
});
