import { beforeEach, describe, expect, it } from "vitest";
import { act, control, eventually, freshSimulator, latestOf, PAGE_ID, webhook } from "./world.ts";

const USER = "7001";

beforeEach(freshSimulator);

describe("what people do on the page itself", () => {
  it("a comment is a change of the feed, dated in seconds", async () => {
    const posts = webhook();
    await act(USER, { comment: { message: "How much?", post_id: `${PAGE_ID}_1`, comment_id: "1_2" } });
    await eventually(() => expect(posts).toHaveLength(1));
    const [entry] = posts[0]?.entries ?? [];
    expect(entry.time).toBeLessThan(Date.now() / 100);
    expect(entry.changes).toEqual([
      {
        field: "feed",
        value: {
          item: "comment",
          verb: "add",
          comment_id: "1_2",
          post_id: `${PAGE_ID}_1`,
          parent_id: `${PAGE_ID}_1`,
          from: { id: USER, name: expect.any(String) },
          message: "How much?",
          created_time: expect.any(Number),
        },
      },
    ]);
  });

  it("a post too", async () => {
    const posts = webhook();
    const { event } = await act(USER, { post: { message: "Open today?" } });
    expect(await latestOf(posts, 1)).toEqual(event);
    expect(event.value).toMatchObject({ item: "post", message: "Open today?", from: { id: USER } });
  });
});

describe("what Meta tells a page", () => {
  it.each([
    { policy_enforcement: { action: "block", reason: "spam" } },
    { app_roles: { "900100200300": ["primary_receiver"] } },
  ])("has no sender: %j", async (about) => {
    const posts = webhook();
    await control("POST", `/pages/${PAGE_ID}/events`, about);
    expect(await latestOf(posts, 1)).toEqual({
      recipient: { id: PAGE_ID },
      timestamp: expect.any(Number),
      ...about,
    });
  });
});

describe("raw events", () => {
  it("are sent as they are, in one entry of the list they are for", async () => {
    const posts = webhook();
    const items = [{ wink: 1 }, { sender: { id: 5 }, wink: 2 }];
    const sent = await control("POST", "/events", {
      object: "instagram",
      page_id: "42",
      channel: "standby",
      items,
    });
    expect(sent.body).toEqual({ events: 2 });
    await eventually(() => expect(posts).toHaveLength(1));
    expect(posts[0]?.object).toBe("instagram");
    expect(posts[0]?.entries).toEqual([{ id: "42", time: expect.any(Number), standby: items }]);
  });

  it("of two objects need two POSTs", async () => {
    const posts = webhook();
    await control("PUT", "/faults", { webhook: { hold: true } });
    await control("POST", "/events", { items: [{ a: 1 }] });
    await control("POST", "/events", { object: "instagram", items: [{ b: 1 }] });
    await control("DELETE", "/faults");
    await eventually(() => expect(posts.map((post) => post.object)).toEqual(["page", "instagram"]));
  });

  it("change nothing else", async () => {
    webhook();
    const item = {
      sender: { id: USER },
      recipient: { id: PAGE_ID },
      timestamp: 1,
      message: { mid: "m", text: "x" },
    };
    await control("POST", "/events", { items: [item] });
    expect((await control("GET", `/users/${USER}`)).body.error.code).toBe("no_such_user");
  });
});

it("puts hop_context beside the event", async () => {
  const posts = webhook();
  const hop_context = [{ app_id: 1, metadata: "m" }];
  await act(USER, { text: "hello", hop_context });
  await eventually(() => expect(posts).toHaveLength(1));
  expect(posts[0]?.entries[0]).toMatchObject({ hop_context, messaging: [{ message: { text: "hello" } }] });
});
