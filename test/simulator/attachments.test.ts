import { beforeEach, describe, expect, it } from "vitest";
import {
  control,
  freshSimulator,
  graph,
  graphForm,
  PAGE_ID,
  sendTo,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const url = "https://example.com/a.png";
const image = (payload: object) => ({ attachment: { type: "image", payload } });
const upload = (attachment: object) => graph("/me/message_attachments", { message: { attachment } });
const fetches = async () => (await control("GET", "/fetches")).body.data;
const picture = new File([new Uint8Array(10)], "a.png", { type: "image/png" });

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("an upload", () => {
  it("by address is fetched once, however often it is sent", async () => {
    const { attachment_id } = (await upload({ type: "image", payload: { url, is_reusable: true } })).body;
    for (let time = 0; time < 3; time++) {
      const sent = await sendTo(USER, image({ attachment_id }));
      expect(sent.body).toEqual({ recipient_id: USER, message_id: expect.any(String) });
    }
    expect(await fetches()).toEqual([{ page_id: PAGE_ID, url, count: 1 }]);
    expect((await threadOf(USER)).messages.at(-1).attachment.payload).toEqual({ attachment_id, url });
  });

  it("can be a file", async () => {
    const message = JSON.stringify({ attachment: { type: "image", payload: { is_reusable: true } } });
    const { body } = await graphForm("/me/message_attachments", { message, filedata: picture });
    expect((await sendTo(USER, image(body))).status).toBe(200);
  });

  it("is of one type: sent as another, it is refused", async () => {
    const { attachment_id } = (await upload({ type: "image", payload: { url } })).body;
    const { error } = (await sendTo(USER, { attachment: { type: "video", payload: { attachment_id } } }))
      .body;
    expect(error).toMatchObject({ code: 100, error_subcode: 2018047 });
  });

  it("serves a media template of its type", async () => {
    const { attachment_id } = (await upload({ type: "image", payload: { url } })).body;
    const template = (media_type: string) => ({
      attachment: {
        type: "template",
        payload: { template_type: "media", elements: [{ media_type, attachment_id }] },
      },
    });
    expect((await sendTo(USER, template("image"))).status).toBe(200);
    expect((await sendTo(USER, template("video"))).body.error.error_subcode).toBe(2018047);
  });

  it.each([
    ["no type", { payload: { url } }, "type"],
    ["no source", { type: "image", payload: {} }, "url"],
    ["an address that is none", { type: "image", payload: { url: "a.png" } }, "url"],
  ])("is refused with %s", async (_name, attachment, field) => {
    expect((await upload(attachment)).body.error.message).toContain(field);
  });

  it("may fail by a fault for calls", async () => {
    const error = { code: 100, error_subcode: 2018008 };
    await control("PUT", "/faults", { graph: [{ applies_to: "calls", error }] });
    expect((await upload({ type: "image", payload: { url } })).body.error).toMatchObject(error);
    expect((await upload({ type: "image", payload: { url } })).status).toBe(200);
  });
});

describe("a message with an attachment", () => {
  it("by address is fetched each time, unless it is made reusable", async () => {
    await sendTo(USER, image({ url }));
    const { attachment_id } = (await sendTo(USER, image({ url, is_reusable: true }))).body;
    await sendTo(USER, image({ attachment_id }));
    expect(await fetches()).toEqual([{ page_id: PAGE_ID, url, count: 2 }]);
  });

  it("can bring the file along", async () => {
    const fields = {
      recipient: JSON.stringify({ id: USER }),
      message: JSON.stringify(image({ is_reusable: true })),
      filedata: picture,
    };
    expect((await graphForm("/me/messages", fields)).body).toEqual({
      recipient_id: USER,
      message_id: expect.any(String),
      attachment_id: expect.any(String),
    });
  });

  it.each([
    ["of another type", new File(["x"], "a.txt", { type: "text/plain" }), 2018047],
    ["too large", new File([new Uint8Array(8 * 1024 * 1024 + 1)], "a.png", { type: "image/png" }), 2018109],
  ])("is refused with a file %s", async (_name, filedata, subcode) => {
    const fields = { recipient: JSON.stringify({ id: USER }), message: JSON.stringify(image({})), filedata };
    expect((await graphForm("/me/messages", fields)).body.error).toMatchObject({
      code: 100,
      error_subcode: subcode,
    });
  });
});
