import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { OTHER_PAGES, startWorld, type World } from "./support/world.ts";

/** What the person sees while they wait: seen marks, dots, pauses, a name. */

const [PLAIN, PACED] = OTHER_PAGES;
let world: World;
beforeAll(async () => {
  world = await startWorld({
    [PLAIN]: { mark_seen: false, typing: false },
    [PACED]: { pause: { ms_per_character: 20, max_ms: 200 } },
  });
});
afterAll(() => world.end());

const actionsOf = async (ada: Person) => (await ada.thread()).actions.map(({ action }) => action);

/** A bot that thinks until it is let go, and then answers with this. */
function thinking(ada: Person, body: Record<string, unknown>, status = 200): () => void {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  ada.botAnswers(async () => {
    await released;
    return { status, body };
  });
  return () => release();
}

describe("a bot that takes its time", () => {
  it("is seen to have read and to type, until its answer comes", async () => {
    const ada = world.person();
    const release = thinking(ada, { messages: [{ text: "Hi" }] });
    await ada.acts({ text: "Hello" });
    await eventually(async () => {
      expect(await ada.thread()).toMatchObject({ typing: true, messages: [{ status: "seen" }] });
    });
    release();
    await ada.seesOne();
    expect((await ada.thread()).actions).toMatchObject([
      { action: "mark_seen" },
      { action: "typing_on", ended_by: "message" },
    ]);
  });

  it("and has nothing to say stops typing", async () => {
    const ada = world.person();
    const release = thinking(ada, {});
    await ada.acts({ text: "Hello" });
    await eventually(async () => expect(await ada.thread()).toMatchObject({ typing: true }));
    release();
    await eventually(async () => expect(await ada.thread()).toMatchObject({ typing: false }));
    expect((await ada.thread()).actions).toContainEqual(
      expect.objectContaining({ action: "typing_on", ended_by: "typing_off" }),
    );
  });

  it("and answers 202, to reply later, goes on typing", async () => {
    const ada = world.person();
    const release = thinking(ada, {}, 202);
    await ada.acts({ text: "Hello" });
    await eventually(async () => expect(await ada.thread()).toMatchObject({ typing: true }));
    release();
    await ada.knows((info) => expect(info["is_waiting"]).toBe(false));
    expect(await actionsOf(ada)).not.toContain("typing_off");
    await ada.sent({ message: { text: "Now" } });
    expect(await ada.seesOne()).toMatchObject({ text: "Now" });
  });

  it("shows nothing where the page's settings want it so", async () => {
    const [ada, ben] = [world.person(PLAIN), world.person()];
    const release = [thinking(ada, { messages: [{ text: "Hi" }] }), thinking(ben, {})];
    await ada.acts({ text: "Hello" });
    await ben.acts({ text: "Hello" });
    // By then Ada's would show, too.
    await eventually(async () => expect(await ben.thread()).toMatchObject({ typing: true }));
    for (const one of release) one();
    await ada.seesOne();
    expect(await actionsOf(ada)).toEqual([]);
  });
});

describe("a bot that answers at once", () => {
  it("needs neither dots nor a mark: its answer shows it", async () => {
    const ada = world.person();
    await ada.getsAnswer([{ text: "Hi" }]);
    await ada.seesOne();
    expect(await actionsOf(ada)).toEqual([]);
    expect((await ada.thread()).messages[0]).toMatchObject({ status: "seen" });
  });

  it("with nothing has seen the message all the same", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    await eventually(async () => expect(await actionsOf(ada)).toEqual(["mark_seen"]));
  });

  it("to what isn't a question shows nothing", async () => {
    const ada = world.person();
    const { id: mid } = await ada.tells({ text: "Hello" });
    await eventually(async () => expect(await actionsOf(ada)).toHaveLength(1));
    await ada.tells({ reaction: { mid } });
    await ada.knows((info) => expect(info["is_waiting"]).toBe(false));
    expect(await actionsOf(ada)).toHaveLength(1);
  });

  it("with several messages types between them where the page's settings want it", async () => {
    const ada = world.person(PACED);
    await ada.getsAnswer([{ text: "one" }, { text: "two, after a while" }]);
    const [first, second] = await ada.sees(2);
    expect(Number(second?.["timestamp"]) - Number(first?.["timestamp"])).toBeGreaterThanOrEqual(190);
    expect((await ada.thread()).actions).toMatchObject([{ action: "typing_on", ended_by: "message" }]);
  });
});
