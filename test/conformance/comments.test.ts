import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Person } from "./support/person.ts";
import { PAGE, startWorld, type World } from "./support/world.ts";

/** Comments under a page's posts, and private replies to them: once, within seven days. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

const DAY = 24 * 3_600_000;
const commentOf = async (ada: Person) => ((await ada.info())["about"] as Record<string, unknown>)["comment"];

/** @returns the comment's id */
async function comments(ada: Person): Promise<string> {
  const { raw } = await ada.tells({ comment: { message: "How much?" } });
  return (raw as { value: { comment_id: string } }).value.comment_id;
}

describe("a comment", () => {
  it("is a feed event in its author's conversation, and is noted", async () => {
    const ada = world.person();
    const event = await ada.tells({ comment: { message: "How much?", post_id: `${PAGE}_1` } });
    expect(event).toMatchObject({
      type: "feed",
      raw: { field: "feed", value: { item: "comment", verb: "add", from: { id: ada.id } } },
    });
    expect(await commentOf(ada)).toMatchObject({ post_id: `${PAGE}_1`, is_answered: false });
  });

  it("opens no window", async () => {
    const ada = world.person();
    await comments(ada);
    expect((await ada.info())["window"]).toMatchObject({ opened_at: null });
  });

  it("is answered privately by what the bot answers", async () => {
    const ada = world.person();
    ada.botAnswers(({ events }) => ({
      body: { messages: events.some(({ type }) => type === "feed") ? [{ text: "Ten" }] : [] },
    }));
    await comments(ada);
    expect(await ada.seesOne()).toMatchObject({ text: "Ten" });
    await eventually(async () => expect(await commentOf(ada)).toMatchObject({ is_answered: true }));
  });

  it("is answered once: more has to wait until its author writes", async () => {
    const ada = world.person();
    await comments(ada);
    expect(await ada.sent({ message: { text: "Ten" } })).toMatchObject({ status: 200 });
    await ada.seesOne();
    await eventually(async () => expect(await commentOf(ada)).toMatchObject({ is_answered: true }));
    expect(await ada.sent({ message: { text: "Or nine" } })).toMatchObject({
      status: 409,
      body: { code: "private_reply_used" },
    });
    await ada.tells({ text: "Nine, please" });
    expect(await ada.sent({ message: { text: "Fine" } })).toMatchObject({ status: 200 });
    await ada.sees(2);
  });

  it("of more than seven days ago can't be answered privately", async () => {
    const ada = world.person();
    const time = Math.floor((Date.now() - 8 * DAY) / 1000);
    const value = { item: "comment", verb: "add", comment_id: "1_2", from: { id: ada.id, name: "Ada" } };
    const change = { field: "feed", value };
    await world.deliver({ object: "page", entry: [{ id: PAGE, time, changes: [change] }] });
    await ada.told(change);
    expect(await ada.sent({ message: { text: "Ten" } })).toMatchObject({
      status: 409,
      body: { code: "private_reply_used" },
    });
  });

  it("that is edited is told again, and can still be answered", async () => {
    const ada = world.person();
    const comment_id = await comments(ada);
    const edit = { message: "How much, please?", comment_id, verb: "edited" };
    expect(await ada.tells({ comment: edit })).toMatchObject({ raw: { value: { verb: "edited" } } });
    expect(await commentOf(ada)).toMatchObject({ id: comment_id, is_answered: false });
  });

  it("that is removed is told, and forgotten", async () => {
    const ada = world.person();
    const comment_id = await comments(ada);
    await ada.tells({ comment: { comment_id, verb: "remove" } });
    expect(await commentOf(ada)).toBeUndefined();
  });

  it("that somebody else has answered already fails for good", async () => {
    const ada = world.person();
    const comment_id = await comments(ada);
    const message = { recipient: { comment_id }, message: { text: "Ten" } };
    await world.meta.fails({ user_id: ada.id, error: { code: 10900 } });
    await ada.sent({ message });
    expect(await ada.settled()).toMatchObject({ state: "failed" });
  });
});

describe("other changes", () => {
  it("a post of a person is a feed event in their conversation", async () => {
    const ada = world.person();
    expect(await ada.tells({ post: { message: "Are you open?" } })).toMatchObject({ type: "feed" });
  });

  it("what the page itself posts is the page's event", async () => {
    const value = { item: "post", verb: "add", post_id: `${PAGE}_9`, from: { id: PAGE, name: "Page" } };
    const item = { field: "feed", value };
    await world.meta.post({ page_id: PAGE, channel: "changes", items: [item] });
    await eventually(() =>
      expect(world.bot.eventsOf(`${PAGE}_page`)).toMatchObject([{ type: "feed", raw: item }]),
    );
  });
});
