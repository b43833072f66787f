import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./support/person.ts";
import type { Json } from "./support/simulator.ts";
import { OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** Who may write when. Meta is asked only where the answer isn't known beforehand. */

const [AGENTS, REFUSING] = OTHER_PAGES;
const HOUR = 3_600_000;
const ago = (hours: number) => Date.now() - hours * HOUR;

let world: World;
beforeAll(async () => {
  world = await startWorld({ [AGENTS]: { human_agent: true }, [REFUSING]: { human_agent: true } });
  // What carries the tag HUMAN_AGENT Meta refuses there: it shows who uses it.
  await world.meta.page(REFUSING, { human_agent: false });
});
afterAll(() => world.end());

/** Somebody whose last act was so long ago. */
async function silentFor(hours: number, page = PAGE): Promise<Person> {
  const ada = world.person(page);
  await ada.tells({ text: "Hello", timestamp: ago(hours) });
  return ada;
}

const windowOf = async (ada: Person) => (await ada.info())["window"] as Record<string, string | null>;
const isOpen = async (ada: Person) => Date.parse((await windowOf(ada))["closes_at"] ?? "") > Date.now();
const message = { text: "Hi" };

describe("the window of 24 hours", () => {
  it("is shown with its beginning and its end, to people and to the bot", async () => {
    const at = ago(2);
    const ada = world.person();
    await ada.tells({ text: "Hello", timestamp: at });
    const closes_at = new Date(at + 24 * HOUR).toISOString();
    expect(await windowOf(ada)).toEqual({
      opened_at: new Date(at).toISOString(),
      closes_at,
      human_agent_until: null,
    });
    expect(ada.requests()[0]?.conversation.window).toEqual({ closes_at });
  });

  it("lets the bot write while it is open", async () => {
    const ada = await silentFor(23);
    expect(await ada.sent({ message })).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject(message);
  });

  it("when it is closed, a request is refused and says what would open it", async () => {
    const ada = await silentFor(25);
    expect(await ada.sent({ message })).toMatchObject({
      status: 409,
      body: { code: "window_closed", detail: expect.stringMatching(/closed at .*Z.*opens when the user/) },
    });
  });

  it("when it is closed, a bot's answer fails as window_closed, and Meta isn't asked", async () => {
    const ada = world.person();
    ada.botAnswersOnce({ messages: [message] });
    await ada.tells({ text: "Hello", timestamp: ago(25) });
    expect(await ada.settled()).toMatchObject({
      state: "failed",
      metadata: { error: { code: "window_closed" } },
    });
    expect(await ada.seen()).toEqual([]);
  });

  const opening: [what: string, act: Json][] = [
    ["a message", { text: "Again" }],
    ["a quick reply", { quick_reply: { title: "Red", payload: "RED" } }],
    ["a sticker", { sticker: "369239263222822" }],
    ["a postback", { postback: { title: "Yes", payload: "YES" } }],
    ["Get Started", { get_started: true }],
    ["a referral", { referral: { ref: "poster" } }],
    ["an opt-in", { optin: { ref: "checkout" } }],
    ["an opt-in to notifications", { optin: { type: "one_time_notif_req", payload: "LAMP" } }],
  ];
  for (const [what, act] of opening) {
    it(`is opened by ${what}`, async () => {
      const ada = await silentFor(25);
      await ada.tells(act);
      expect(await isOpen(ada)).toBe(true);
      expect(await ada.sent({ message })).toMatchObject({ status: 200 });
      await ada.seesOne();
    });
  }

  it("is opened by a reaction, not by taking one back", async () => {
    const ada = await silentFor(25);
    const [{ id: mid } = { id: "" }] = await ada.messages();
    await ada.tells({ reaction: { mid, action: "unreact" } });
    expect(await isOpen(ada)).toBe(false);
    await ada.tells({ reaction: { mid, reaction: "love" } });
    expect(await isOpen(ada)).toBe(true);
  });

  it("is not opened by receipts, edits, what is taken back, or linked accounts", async () => {
    const ada = await silentFor(25);
    const [{ id: mid } = { id: "" }] = await ada.messages();
    await ada.tells({ read: {} });
    await ada.tells({ delivery: {} });
    await ada.tells({ account_linking: { status: "linked" } });
    await ada.tells({ edit: { mid, text: "Hello!" } });
    await ada.tells({ unsend: { mid } });
    expect(await isOpen(ada)).toBe(false);
  });

  it("that nobody here knows of is Meta's to judge", async () => {
    const ada = world.person();
    // On standby it opens none for us.
    await ada.acts({ text: "Hello", channel: "standby" });
    await ada.knows((info) => expect(info["window"]).toMatchObject({ opened_at: null }));
    expect(await ada.sent({ message }, "operator")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject(message);
  });

  it("that is open here and closed at Meta fails as window_closed", async () => {
    const ada = await silentFor(1);
    await world.meta.moveBack(ada.id, PAGE, 25);
    await ada.sent({ message });
    expect(await ada.settled()).toMatchObject({
      state: "failed",
      metadata: { error: { code: "window_closed", message: expect.stringContaining("#10") } },
    });
  });

  it("doesn't concern utility messages", async () => {
    const ada = await silentFor(25);
    const template = { name: "order_shipped", language: { code: "en_US" } };
    await ada.sent({ message: { messaging_type: "UTILITY", message: { template } } });
    expect(await ada.seesOne()).toMatchObject({ template });
  });
});

describe("the tag HUMAN_AGENT", () => {
  it("lets a person write for seven days, by itself", async () => {
    const ada = await silentFor(6 * 24, AGENTS);
    expect((await windowOf(ada))["human_agent_until"]).toEqual(expect.any(String));
    expect(await ada.sent({ message }, "operator")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject(message);
  });

  it("is what Meta lets that message pass by", async () => {
    const ada = await silentFor(6 * 24, REFUSING);
    await ada.sent({ message }, "operator");
    expect(await ada.settled()).toMatchObject({
      state: "failed",
      metadata: { error: { code: "permission" } },
    });
  });

  it("is never used inside the window, even if the person asks for it", async () => {
    const ada = await silentFor(1, REFUSING);
    await ada.sent({ message: { tag: "HUMAN_AGENT", messaging_type: "MESSAGE_TAG", message } }, "operator");
    expect(await ada.seesOne()).toMatchObject(message);
  });

  it("ends after seven days", async () => {
    const ada = await silentFor(8 * 24, AGENTS);
    expect(await ada.sent({ message }, "operator")).toMatchObject({
      status: 409,
      body: { code: "window_closed" },
    });
  });

  it("is never used for a bot", async () => {
    const ada = await silentFor(25, AGENTS);
    expect(await ada.sent({ message })).toMatchObject({
      status: 409,
      body: { code: "window_closed", detail: expect.stringContaining("a person may write") },
    });
    const tagged = { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT", message };
    expect(await ada.sent({ message: tagged })).toMatchObject({
      status: 409,
      body: { code: "human_agent_not_human" },
    });
  });

  it("needs the page to have Meta's permission", async () => {
    const ada = await silentFor(25);
    expect(await ada.sent({ message }, "operator")).toMatchObject({
      status: 409,
      body: { code: "window_closed", detail: expect.stringContaining("human_agent") },
    });
  });
});

describe("other tags", () => {
  const tagged = (tag: string) => ({ messaging_type: "MESSAGE_TAG", tag, message });
  for (const tag of ["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"]) {
    it(`${tag} is retired, and says so`, async () => {
      const ada = await silentFor(1);
      expect(await ada.sent({ message: tagged(tag) })).toMatchObject({
        status: 409,
        body: { code: "tag_retired", detail: expect.stringContaining("2026-04-27") },
      });
    });
  }

  it("that Meta never had are unknown", async () => {
    const ada = await silentFor(1);
    expect(await ada.sent({ message: tagged("PAIRING_UPDATE") })).toMatchObject({
      status: 409,
      body: { code: "tag_unknown" },
    });
  });

  it("in a bot's answer fail that message alone", async () => {
    const ada = world.person();
    await ada.getsAnswer([tagged("ACCOUNT_UPDATE"), { text: "after" }]);
    expect(await ada.seesOne()).toMatchObject({ text: "after" });
    expect(await ada.settled(0)).toMatchObject({ metadata: { error: { code: "tag_retired" } } });
  });
});
