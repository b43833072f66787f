import { MessengerBatch, MessengerClient } from "messaging-api-messenger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { APP, INBOX, PAGE, startWorld, type World } from "./support/world.ts";

/**
 * A client that knows nothing of the gateway, over the wire: each test first against the simulator itself, with the
 * page's token, then against the gateway, with a key. What it gets must be the same.
 */

const KEY = "key-of-the-door-conformance-1";
const APP_SECRET = "app-secret-of-this-world";

let world: World;
const clients = new Map<string, MessengerClient>();

beforeAll(async () => {
  world = await startWorld(
    {},
    {
      API_KEYS: JSON.stringify([
        { name: "door", key: KEY, role: "bot", pages: [PAGE] },
        { name: "operator", key: "operator-key-of-conformance-1", role: "operator" },
      ]),
    },
  );
  const meta = { origin: world.meta.url, accessToken: `TOKEN-OF-${PAGE}` };
  const door = { origin: world.gateway.url, accessToken: KEY };
  for (const [name, config] of Object.entries({ "Meta itself": meta, "the door": door })) {
    clients.set(name, new MessengerClient({ ...config, version: "9.0", appId: APP, appSecret: APP_SECRET }));
  }
});
afterAll(() => world.end());

/** Somebody who has written. */
async function ada(): Promise<Person> {
  const person = world.person();
  await person.tells({ text: "Hello" });
  return person;
}

describe.each(["Meta itself", "the door"])("%s", (name) => {
  const client = (): MessengerClient => {
    const found = clients.get(name);
    if (!found) throw new Error(`no client of ${name}`);
    return found;
  };
  const sent = (person: Person) => ({ recipientId: person.id, messageId: expect.stringMatching(/^m_/) });

  it("sends a text, and says who got it as what", async () => {
    const person = await ada();
    const answer = await client().sendText(person.id, "Hi", { messagingType: "RESPONSE" } as never);
    expect(answer).toEqual(sent(person));
    expect(await person.seesOne()).toMatchObject({ mid: answer.messageId, text: "Hi" });
  });

  it("sends quick replies and templates", async () => {
    const person = await ada();
    const quickReplies = [{ contentType: "text" as const, title: "Yes", payload: "YES" }];
    expect(await client().sendText(person.id, "Sure?", { quickReplies })).toEqual(sent(person));
    const buttons = [{ type: "postback" as const, title: "Go", payload: "GO" }];
    expect(await client().sendButtonTemplate(person.id, "Where?", buttons)).toEqual(sent(person));
    const elements = [{ title: "One", subtitle: "of two", buttons }];
    expect(await client().sendGenericTemplate(person.id, elements)).toEqual(sent(person));
    const [asked, button, generic] = await person.sees(3);
    expect(asked).toMatchObject({ text: "Sure?", quick_replies: [{ title: "Yes", payload: "YES" }] });
    expect(JSON.stringify([button, generic])).toMatch(/button.*Where\?.*generic.*of two/);
  });

  it("shows actions", async () => {
    const person = await ada();
    expect(await client().typingOn(person.id)).toEqual({ recipientId: person.id });
    await eventually(async () => expect((await person.thread()).typing).toBe(true));
    expect(await client().markSeen(person.id)).toEqual({ recipientId: person.id });
  });

  it("keeps files by their address and by themselves, and sends them", async () => {
    const person = await ada();
    const byUrl = await client().uploadImage("https://example.com/a.png", { isReusable: true });
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
    const byFile = await client().uploadImage(png, { isReusable: true, filename: "a.png" } as never);
    for (const { attachmentId } of [byUrl, byFile]) {
      expect(attachmentId).toMatch(/^\d+$/);
      expect(await client().sendImage(person.id, { attachmentId })).toEqual(sent(person));
    }
    const withFile = await client().sendImage(person.id, png, { filename: "b.png" } as never);
    expect(withFile).toEqual(sent(person));
    expect((await person.sees(3)).at(-1)?.mid).toBe(withFile.messageId);
  });

  it("sets, gets and deletes the page's profile", async () => {
    const done = { result: "success" };
    expect(await client().setGetStarted("START")).toEqual(done);
    const items = [{ type: "postback" as const, title: "Help", payload: "HELP" }];
    expect(await client().setPersistentMenu(items)).toEqual(done);
    expect(await client().setGreeting("Hello {{user_first_name}}")).toEqual(done);
    expect(await client().getGetStarted()).toEqual({ payload: "START" });
    expect(await client().getGreeting()).toEqual([{ locale: "default", text: "Hello {{user_first_name}}" }]);
    expect(await client().getPersistentMenu()).toMatchObject([{ callToActions: items }]);
    const person = await ada();
    expect(await client().setUserPersistentMenu(person.id, items)).toEqual(done);
    expect(await client().getUserPersistentMenu(person.id)).toMatchObject([{ callToActions: items }]);
    expect(await client().deleteUserPersistentMenu(person.id)).toEqual(done);
    expect(await client().deleteMessengerProfile(["persistent_menu", "greeting", "get_started"])).toEqual(
      done,
    );
    expect(await client().getMessengerProfile(["greeting", "get_started"])).toEqual([]);
  });

  it("makes, lists, shows and deletes personas", async () => {
    const ben = { name: "Ben", profilePictureUrl: "https://example.com/ben.png" };
    const { id } = await client().createPersona(ben);
    expect(await client().getPersona(id)).toEqual({ id, ...ben });
    expect(await client().getAllPersonas()).toContainEqual({ id, ...ben });
    const person = await ada();
    expect(await client().sendText(person.id, "I am Ben", { personaId: id })).toEqual(sent(person));
    expect(await client().deletePersona(id)).toEqual({ success: true });
    await expect(client().getPersona(id)).rejects.toThrow(/Messenger API - 100 GraphMethodException/);
  });

  it("tells who somebody is, and what the page is called", async () => {
    const person = await ada();
    await world.meta.person(person.id, { first_name: "Ada", last_name: "Abel" });
    expect(await client().getUserProfile(person.id)).toMatchObject({
      id: person.id,
      firstName: "Ada",
      lastName: "Abel",
      name: "Ada Abel",
      profilePic: expect.stringMatching(/^http/),
    });
    expect(await client().getPageInfo()).toEqual({ id: PAGE, name: `Page ${PAGE}` });
  });

  it("moves the thread between apps, and tells whose it is", async () => {
    const person = await ada();
    const done = { success: true };
    await client().sendText(person.id, "A person comes");
    expect(await client().passThreadControlToPageInbox(person.id, "help")).toEqual(done);
    expect(await client().getThreadOwner(person.id)).toMatchObject({ appId: INBOX });
    await expect(client().sendText(person.id, "Me again")).rejects.toThrow(
      /Messenger API - 10 OAuthException \(#10\) Message failed to send because another app is controlling/,
    );
    expect(await client().takeThreadControl(person.id, "back")).toEqual(done);
    expect(await client().getThreadOwner(person.id)).toMatchObject({ appId: APP });
    expect(await client().sendText(person.id, "Back again")).toEqual(sent(person));
    expect(await client().getSecondaryReceivers()).toEqual(expect.any(Array));
  });

  it("does many things at once", async () => {
    const [one, two] = [await ada(), await ada()];
    const answers = await client().sendBatch([
      MessengerBatch.sendText(one.id, "1"),
      MessengerBatch.sendText(one.id, "2"),
      MessengerBatch.sendText(two.id, "3"),
      MessengerBatch.getUserProfile(one.id, { fields: ["first_name"] } as never),
      MessengerBatch.sendText("1", "nobody"),
      MessengerBatch.takeThreadControl(one.id, "mine", {
        name: "take",
        omitResponseOnSuccess: false,
      } as never),
      { ...MessengerBatch.getThreadOwner(one.id), dependsOn: "take" },
    ]);
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 200, 400, 200, 200]);
    expect(answers.map(({ body }) => body)).toMatchObject([
      sent(one),
      sent(one),
      sent(two),
      { id: one.id },
      { error: { code: 100, errorSubcode: 2018001 } },
      { success: true },
      { appId: APP },
    ]);
    expect((await one.sees(2)).map(({ text }) => text)).toEqual(["1", "2"]);
    const quiet = await client().sendBatch([MessengerBatch.sendText(two.id, "4")], { includeHeaders: false });
    expect(quiet).toEqual([{ code: 200, body: sent(two) }]);
  });

  it("fails as the client's error class expects it", async () => {
    const person = await ada();
    const failing = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const { message, response } = error as Error & {
        response: { status: number; data: { error: object } };
      };
      return { message, status: response.status, error: response.data.error };
    };
    expect(await failing(client().sendText("1", "nobody"))).toMatchObject({
      message: "Messenger API - 100 OAuthException (#100) No matching user found",
      status: 400,
      error: { code: 100, errorSubcode: 2018001, fbtraceId: expect.any(String) },
    });
    expect(await failing(client().sendText(person.id, ""))).toMatchObject({
      status: 400,
      error: { code: 100 },
    });
    await world.meta.fails({
      user_id: person.id,
      times: 1,
      outcome: "reject",
      error: { code: 2, is_transient: true, message: "later" },
    });
    expect(await failing(client().sendText(person.id, "later"))).toMatchObject({
      error: { code: 2, isTransient: true },
    });
    await world.meta.noFaults();
    const stranger = new MessengerClient({
      origin: name === "the door" ? world.gateway.url : world.meta.url,
      accessToken: "no-such-token",
      version: "9.0",
    });
    expect(await failing(stranger.sendText(person.id, "Hi"))).toMatchObject({
      message: "Messenger API - 190 OAuthException Invalid OAuth access token - Cannot parse access token",
      status: 400,
    });
    const forger = new MessengerClient({
      origin: name === "the door" ? world.gateway.url : world.meta.url,
      accessToken: name === "the door" ? KEY : `TOKEN-OF-${PAGE}`,
      appSecret: "another-secret",
      version: "9.0",
    });
    expect(await failing(forger.sendText(person.id, "Hi"))).toMatchObject({
      message:
        "Messenger API - 100 GraphMethodException Invalid appsecret_proof provided in the API argument",
    });
  });

  it("refuses what came too late for the window", async () => {
    const person = await ada();
    await world.meta.moveBack(person.id, PAGE, 30);
    await expect(client().sendText(person.id, "late")).rejects.toThrow(
      /^Messenger API - 10 OAuthException \(#10\) This message is sent outside of allowed window/,
    );
  });
});

describe("beside the bot's own answers", () => {
  it("keeps the order in which both were accepted, and has both on record", async () => {
    const client = clients.get("the door");
    const person = world.person();
    const calls: Promise<unknown>[] = [];
    person.botAnswers(({ events }) => {
      if (!events.some(({ type }) => type === "message")) return {};
      for (const text of ["by the door 1", "by the door 2"])
        calls.push(client?.sendText(person.id, text) as never);
      return { body: { messages: [{ text: "by the answer 1" }, { text: "by the answer 2" }] } };
    });
    await person.tells({ text: "Hello" });
    const seen = await person.sees(4);
    await Promise.all(calls);
    const recorded = (await person.messages()).filter(({ sender }) => sender.kind === "bot");
    expect(recorded.map(({ source_id }) => source_id)).toEqual(seen.map(({ mid }) => mid));
    const texts = seen.map(({ text }) => String(text));
    for (const way of ["by the answer", "by the door"]) {
      expect(texts.filter((text) => text.startsWith(way))).toHaveLength(2);
    }
    expect(texts.indexOf("by the answer 2")).toBe(texts.indexOf("by the answer 1") + 1);
  });
});
