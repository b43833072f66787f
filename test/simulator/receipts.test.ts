import { beforeEach, describe, expect, it } from "vitest";
import {
  control,
  eventsOf,
  eventually,
  freshSimulator,
  PAGE_ID,
  request,
  sendTo,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";

async function conversation() {
  const posts = webhook();
  await write(USER, "hello");
  await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
  return { receipts: () => eventsOf(posts).slice(1) };
}

beforeEach(freshSimulator);

describe("after a message was accepted", () => {
  it("its echo, its delivery and its being read arrive, in that order", async () => {
    const { receipts } = await conversation();
    const { message_id: mid } = (await sendTo(USER, { text: "hi", metadata: "note-1" })).body;
    await eventually(() => expect(receipts()).toHaveLength(3));
    expect(receipts()).toEqual([
      {
        sender: { id: PAGE_ID },
        recipient: { id: USER },
        timestamp: expect.any(Number),
        message: { mid, is_echo: true, app_id: 900100200300, metadata: "note-1", text: "hi" },
      },
      {
        sender: { id: USER },
        recipient: { id: PAGE_ID },
        timestamp: expect.any(Number),
        delivery: { mids: [mid], watermark: expect.any(Number) },
      },
      {
        sender: { id: USER },
        recipient: { id: PAGE_ID },
        timestamp: expect.any(Number),
        read: { watermark: expect.any(Number) },
      },
    ]);
  });

  it("the echo of an attachment carries the attachment", async () => {
    const { receipts } = await conversation();
    const attachment = { type: "image", payload: { url: "https://example.com/a.png" } };
    await sendTo(USER, { attachment });
    await eventually(() => expect(receipts()[0]?.message.attachments).toEqual([attachment]));
  });
});

describe("settings", () => {
  it("begin with every receipt on, and change only what is named", async () => {
    expect((await control("GET", "/settings")).body).toEqual({
      receipts: { echo: true, delivery: true, read: "auto" },
    });
    await control("PUT", "/settings", { receipts: { delivery: false } });
    expect((await control("GET", "/settings")).body).toEqual({
      receipts: { echo: true, delivery: false, read: "auto" },
    });
  });

  it("refuse what they do not know", async () => {
    const answer = await control("PUT", "/settings", { receipts: { read: "sometimes" } });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toEqual({
      code: "invalid_body",
      message: expect.stringContaining("receipts.read"),
    });
  });

  it("can turn receipts off", async () => {
    const { receipts } = await conversation();
    await control("PUT", "/settings", { receipts: { delivery: false, read: "off" } });
    await sendTo(USER, { text: "hi" });
    await write(USER, "next");
    await eventually(() => expect(receipts().at(-1)?.message.text).toBe("next"));
    expect(receipts().map((event) => event.message?.is_echo)).toEqual([true, undefined]);
  });
});

describe("with receipts.read on_view", () => {
  it("a message is read when a chat page shows it, not before", async () => {
    const { receipts } = await conversation();
    await control("PUT", "/settings", { receipts: { echo: false, delivery: false, read: "on_view" } });
    await sendTo(USER, { text: "anyone there?" });
    expect((await threadOf(USER)).messages.at(-1).status).toBe("delivered");

    const page = await openChatPage();
    page.send(JSON.stringify({ page_id: PAGE_ID, user_id: USER, visible: false }));
    page.send(JSON.stringify({ page_id: PAGE_ID, user_id: USER, visible: true }));
    await eventually(() => expect(receipts()).toHaveLength(1));
    expect(receipts()[0].read.watermark).toEqual(expect.any(Number));
    expect((await threadOf(USER)).messages.at(-1).status).toBe("seen");

    await sendTo(USER, { text: "there you are" });
    await eventually(() => expect(receipts()).toHaveLength(2));
    page.close();
  });

  it("chat pages hear that something changed", async () => {
    await conversation();
    const page = await openChatPage();
    const news: unknown[] = [];
    page.addEventListener("message", (event) => {
      news.push(JSON.parse(String(event.data)));
    });
    await sendTo(USER, { text: "hi" });
    await eventually(() => expect(news).toContainEqual({ type: "changed", page_id: PAGE_ID, user_id: USER }));
    page.close();
  });
});

async function openChatPage(): Promise<WebSocket> {
  const { webSocket } = await request("/_sim/live", { headers: { Upgrade: "websocket" } });
  if (!webSocket) throw new Error("The simulator did not open a WebSocket.");
  webSocket.accept();
  return webSocket;
}
