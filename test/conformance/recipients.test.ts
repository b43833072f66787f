import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { PAGE, startWorld, type World } from "./support/world.ts";

/** Whom a message can go to, and what that needs. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

const HOUR = 3_600_000;

/** Somebody whose window closed an hour ago. */
async function late(): Promise<Person> {
  const ada = world.person();
  await ada.tells({ text: "Hello", timestamp: Date.now() - 25 * HOUR });
  return ada;
}

const tokenIn = (raw: unknown, name: string) => (raw as { optin: Record<string, string> }).optin[name];

describe("recipient", () => {
  it("id is the conversation's person, whatever a body says", async () => {
    const [ada, ben] = [world.person(), world.person()];
    await ben.tells({ text: "Hello" });
    await ada.getsAnswer([{ recipient: { id: ben.id }, message: { text: "To Ada" } }]);
    expect(await ada.seesOne()).toMatchObject({ text: "To Ada" });
    expect(await ben.seen()).toEqual([]);
  });

  it("is told by user_id and page_id, too", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const asked = { page_id: PAGE, user_id: ada.id, message: { text: "Hi" } };
    expect(await world.call("/messages.send", asked, "bot")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject({ text: "Hi" });
  });

  it("user_ref is whoever ticked the checkbox", async () => {
    const ada = world.person();
    await ada.acts({ optin: { ref: "cart", user_ref: "checkbox-of-ada" } });
    const asked = { page_id: PAGE, recipient: { user_ref: "checkbox-of-ada" }, message: { text: "Hi" } };
    expect(await world.call("/messages.send", asked, "bot")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject({ text: "Hi" });
  });

  it("user_ref is also whom a bot answers that was told of the checkbox", async () => {
    const ada = world.person();
    world.bot.answers(`${PAGE}_ref:box`, () => ({ body: { messages: [{ text: "Thanks" }] } }));
    await ada.acts({ optin: { ref: "cart", user_ref: "box" } });
    expect(await ada.seesOne()).toMatchObject({ text: "Thanks" });
  });

  it("phone_number is whoever has it", async () => {
    const ada = world.person();
    await world.meta.person(ada.id, { phone_number: "+15550107" });
    const recipient = { phone_number: "+15550107", name: { first_name: "Ada", last_name: "Abel" } };
    const asked = { page_id: PAGE, recipient, message: { text: "Hi" } };
    expect(await world.call("/messages.send", asked, "bot")).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject({ text: "Hi" });
  });

  it("comment_id and post_id are their authors", async () => {
    for (const [kind, field] of [
      ["comment", "comment_id"],
      ["post", "post_id"],
    ] as const) {
      const ada = world.person();
      const { raw } = await ada.tells({ [kind]: { message: "How much?" } });
      const { value } = raw as { value: Record<string, string> };
      const message = { recipient: { [field]: value[field] }, message: { text: "Ten" } };
      expect(await ada.sent({ message })).toMatchObject({ status: 200 });
      expect(await ada.seesOne()).toMatchObject({ text: "Ten" });
    }
  });

  it("one_time_notif_token reaches a person past the window, once", async () => {
    const ada = await late();
    const at = Date.now() - 25 * HOUR + 1000;
    const { raw } = await ada.tells({
      optin: { type: "one_time_notif_req", payload: "LAMP" },
      timestamp: at,
    });
    const one_time_notif_token = tokenIn(raw, "one_time_notif_token");
    const message = { recipient: { one_time_notif_token }, message: { text: "It is back" } };
    expect(await ada.sent({ message: { text: "It is back" } })).toMatchObject({
      status: 409,
      body: { code: "window_closed", detail: expect.stringContaining("one_time_notif_token") },
    });
    expect(await ada.sent({ message })).toMatchObject({ status: 200 });
    expect(await ada.seesOne()).toMatchObject({ text: "It is back" });
    await ada.knows((info) => expect(info["about"]).toMatchObject({ optins: [] }));
  });

  it("notification_messages_token reaches a person past the window, until it is stopped", async () => {
    const ada = await late();
    const at = Date.now() - 25 * HOUR + 1000;
    const optin = { type: "notification_messages", payload: "NEWS" };
    const { raw } = await ada.tells({ optin, timestamp: at });
    const notification_messages_token = tokenIn(raw, "notification_messages_token");
    const message = { recipient: { notification_messages_token }, message: { text: "News" } };
    for (const count of [1, 2]) {
      expect(await ada.sent({ message })).toMatchObject({ status: 200 });
      await ada.sees(count);
    }
    const stopped = { ...optin, notification_messages_token, payload: undefined };
    await ada.tells({ optin: { ...stopped, notification_messages_status: "STOP_NOTIFICATIONS" } });
    await ada.sent({ message });
    expect(await ada.settled(2)).toMatchObject({ state: "failed" });
  });
});

describe("a request", () => {
  it("that is repeated under its Idempotency-Key is accepted once", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const headers = { "idempotency-key": "order-7" };
    const [first, second] = [
      await ada.sent({ message: { text: "Hi" } }, "bot", headers),
      await ada.sent({ message: { text: "Hi" } }, "bot", headers),
    ];
    expect(second.body["id"]).toBe(first.body["id"]);
    await ada.sent({ message: { text: "after" } });
    expect((await ada.sees(2)).map(({ text }) => text)).toEqual(["Hi", "after"]);
  });

  it("of something else under a key that was used is refused", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const headers = { "idempotency-key": "order-8" };
    await ada.sent({ message: { text: "Hi" } }, "bot", headers);
    expect(await ada.sent({ message: { text: "Ho" } }, "bot", headers)).toMatchObject({
      status: 409,
      body: { code: "idempotency_conflict" },
    });
  });

  it("of several messages goes in their order", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const { body } = await ada.sent({ messages: [{ text: "one" }, { text: "two" }] });
    expect(body["data"]).toMatchObject([{ from_contact: false }, { from_contact: false }]);
    expect((await ada.sees(2)).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  it("for a page that isn't served here is refused", async () => {
    const asked = { page_id: "123", user_id: "7", message: { text: "Hi" } };
    expect(await world.call("/messages.send", asked, "bot")).toMatchObject({
      status: 404,
      body: { code: "no_such_page" },
    });
  });

  it("to somebody Meta doesn't know fails as no_such_user", async () => {
    const nobody = world.person();
    expect(await nobody.sent({ message: { text: "Hi" } })).toMatchObject({ status: 200 });
    expect(await nobody.settled()).toMatchObject({
      state: "failed",
      metadata: { error: { code: "no_such_user" } },
    });
  });

  it("of a person is theirs, on record under the key's name", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    await ada.sent({ message: { text: "This is Ben" } }, "operator");
    expect(await ada.seesOne()).toMatchObject({ text: "This is Ben" });
    await eventually(async () =>
      expect((await ada.messages()).at(-1)).toMatchObject({ sender: { kind: "human" } }),
    );
  });
});
