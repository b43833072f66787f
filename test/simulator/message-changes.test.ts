import { beforeEach, describe, expect, it } from "vitest";
import { act, control, freshSimulator, latestOf, sendTo, threadOf, webhook, write } from "./world.ts";

const USER = "7001";

beforeEach(freshSimulator);

describe("what a person does with a message", () => {
  it("edits: each edit counts on, and the thread has the latest words", async () => {
    const posts = webhook();
    const { mid } = await act(USER, { text: "helo" });
    await act(USER, { edit: { mid, text: "hello" } });
    await act(USER, { edit: { mid, text: "hello!" } });
    expect((await latestOf(posts, 3)).message_edit).toEqual({ mid, text: "hello!", num_edit: 2 });
    expect((await threadOf(USER)).messages).toMatchObject([{ mid, text: "hello!", edits: 2 }]);
  });

  it("unsends: the words are gone", async () => {
    const posts = webhook();
    const { mid } = await act(USER, { text: "oops" });
    await act(USER, { unsend: { mid } });
    expect((await latestOf(posts, 2)).message).toEqual({ mid, is_deleted: true });
    const [message] = (await threadOf(USER)).messages;
    expect(message).toMatchObject({ mid, unsent: true });
    expect(message.text).toBeUndefined();
  });

  it("cannot edit or unsend the page's", async () => {
    webhook();
    await write(USER, "hello");
    const { message_id } = (await sendTo(USER, { text: "hi" })).body;
    await expect(act(USER, { unsend: { mid: message_id } })).rejects.toThrow(message_id);
    await expect(act(USER, { edit: { mid: message_id, text: "ha" } })).rejects.toThrow(message_id);
  });

  it("takes a reaction back without opening the window", async () => {
    webhook();
    await write(USER, "hello");
    const { message_id } = (await sendTo(USER, { text: "hi" })).body;
    await act(USER, { reaction: { mid: message_id } });
    await control("POST", `/users/${USER}/window`, { hours_ago: 30 });
    await act(USER, { reaction: { mid: message_id, action: "unreact" } });
    expect((await sendTo(USER, { text: "late" })).body.error.code).toBe(10);
  });

  it("reads up to a time, and the page's messages till then count as seen", async () => {
    const posts = webhook();
    await control("PUT", "/settings", { receipts: { echo: false, delivery: false, read: "off" } });
    await write(USER, "hello");
    await sendTo(USER, { text: "hi" });
    await act(USER, { read: {} });
    expect((await latestOf(posts, 2)).read.watermark).toEqual(expect.any(Number));
    expect((await threadOf(USER)).messages.at(-1).status).toBe("seen");
  });
});
