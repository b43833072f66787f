import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_UPLOAD_BYTES } from "../../src/graph/attachments.ts";
import {
  allDone,
  errorOf,
  type Graph,
  graph,
  KEY,
  knock,
  PAGE,
  post,
  sentBy,
  somebody,
  TOKEN,
} from "./support.ts";

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

const image = () => new File([new Uint8Array([1, 2, 3])], 'a"b.png', { type: "image/png" });
const asImage = (payload: object = {}) => JSON.stringify({ attachment: { type: "image", payload } });

const form = (...parts: [string, string | File][]): RequestInit => {
  const body = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") body.set(name, value);
    else body.set(name, value, value.name);
  }
  return { method: "POST", body };
};

const meta: Graph = (call) =>
  call.url.pathname.endsWith("/message_attachments")
    ? Response.json({ attachment_id: "1857" })
    : sentBy(call);

async function fileIn(data: FormData | undefined) {
  const file = data?.get("filedata");
  if (!(file instanceof File)) throw new Error("no file");
  return [file.name, file.type, [...new Uint8Array(await file.arrayBuffer())]];
}

const UPLOAD = `/v25.0/me/message_attachments?access_token=${KEY}`;

describe("an upload", () => {
  it("by its address goes on as it is", async () => {
    const calls = graph(meta);
    const message = {
      attachment: { type: "video", payload: { url: "https://cdn.invalid/a.mp4", is_reusable: true } },
    };
    expect(await (await post("/v25.0/me/message_attachments", { message })).json()).toEqual({
      attachment_id: "1857",
    });
    expect(calls[0]?.body).toEqual({ message });
  });

  it("in a form is handed on, with what Meta needs of it and nothing else", async () => {
    const calls = graph(meta);
    const init = form(["message", asImage({ is_reusable: true })], ["filedata", image()], ["debug", "all"]);
    const response = await knock(UPLOAD, init);
    expect(await response.json()).toEqual({ attachment_id: "1857" });
    const [call] = calls;
    expect(call?.url.pathname).toBe(`/v25.0/${PAGE}/message_attachments`);
    expect(call?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect([...(call?.form?.keys() ?? [])].sort()).toEqual(["filedata", "message"]);
    expect(JSON.parse(String(call?.form?.get("message")))).toEqual(
      JSON.parse(asImage({ is_reusable: true })),
    );
    expect(await fileIn(call?.form)).toEqual(["a%22b.png", "image/png", [1, 2, 3]]);
  });

  it("may have its token in the form, ahead of the file", async () => {
    const calls = graph(meta);
    const parts: [string, string | File][] = [
      ["access_token", KEY],
      ["filedata", image()],
      ["message", asImage()],
    ];
    const path = "/v25.0/me/message_attachments";
    expect(await (await knock(path, form(...parts))).json()).toEqual({ attachment_id: "1857" });
    expect([...(calls[0]?.form?.keys() ?? [])].sort()).toEqual(["filedata", "message"]);
    const late = form(["filedata", image()], ["message", asImage()], ["access_token", KEY]);
    expect(await errorOf(await knock(path, late))).toMatchObject({ code: 2500 });
    expect(calls).toHaveLength(1);
  });

  it("is refused if nobody says what it is, whenever that shows", async () => {
    graph(meta);
    for (const message of [[], [["message", "{}"]], [["message", asImage({ url: "https://a.invalid" })]]] as [
      string,
      string,
    ][][]) {
      for (const init of [form(...message, ["filedata", image()]), form(["filedata", image()], ...message)]) {
        expect(await errorOf(await knock(UPLOAD, init))).toMatchObject({ status: 400, code: 100 });
      }
    }
  });

  it("that is too large is refused as Meta refuses it", async () => {
    graph(meta);
    const head = `--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n${asImage()}\r\n--b\r\nContent-Disposition: form-data; name="filedata"; filename="a"\r\n\r\n`;
    const chunk = new Uint8Array(1024 * 1024);
    let left = Math.ceil(MAX_UPLOAD_BYTES / chunk.length) + 1;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(head)),
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const response = await knock(UPLOAD, { method: "POST", headers, body });
    expect(await errorOf(response)).toMatchObject({ code: 100, error_subcode: 2018109 });
  });

  it("that ends early is refused, and Meta gets no whole form", async () => {
    const calls = graph(meta);
    const text = `--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n${asImage()}\r\n--b\r\nContent-Disposition: form-data; name="filedata"; filename="a"\r\n\r\nabc`;
    const init = {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: text,
    };
    expect(await errorOf(await knock(UPLOAD, init))).toMatchObject({
      code: 100,
      messengate_code: "malformed_form",
    });
    expect(calls).toEqual([]);
  });

  it("is not what other calls take", async () => {
    const calls = graph(meta);
    for (const edge of ["personas", "take_thread_control", "messenger_profile"]) {
      const response = await knock(`/v25.0/me/${edge}?access_token=${KEY}`, form(["a", image()]));
      expect(await errorOf(response)).toMatchObject({ code: 100 });
    }
    expect(calls).toEqual([]);
  });
});

describe("a message with its file", () => {
  const SEND = `/v25.0/me/messages?access_token=${KEY}`;
  const to = (id: string) => JSON.stringify({ id });

  it("has the file kept by Meta first, then goes by its id, in its turn", async () => {
    const calls = graph(meta);
    const id = somebody();
    // The order of messaging-api-messenger: whom it goes to comes last.
    const init = form(
      ["message", asImage()],
      ["filedata", image()],
      ["messaging_type", "UPDATE"],
      ["recipient", to(id)],
    );
    expect(await (await knock(SEND, init)).json()).toEqual({
      recipient_id: id,
      message_id: expect.any(String),
    });
    const [upload, sent] = calls;
    expect(JSON.parse(String(upload?.form?.get("message")))).toEqual(
      JSON.parse(asImage({ is_reusable: true })),
    );
    expect(await fileIn(upload?.form)).toEqual(["a%22b.png", "image/png", [1, 2, 3]]);
    expect(sent?.body).toMatchObject({
      recipient: { id },
      messaging_type: "UPDATE",
      message: { attachment: { type: "image", payload: { attachment_id: "1857" } } },
    });
  });

  it("tells the id to whoever wants to use it again", async () => {
    graph(meta);
    const id = somebody();
    const init = form(
      ["recipient", to(id)],
      ["message", asImage({ is_reusable: true })],
      ["filedata", image()],
    );
    expect(await (await knock(SEND, init)).json()).toMatchObject({ recipient_id: id, attachment_id: "1857" });
  });

  it("isn't sent if Meta doesn't take the file", async () => {
    const error = { message: "(#100) Upload attachment failure.", code: 100, error_subcode: 2018047 };
    const calls = graph(() => Response.json({ error }, { status: 400 }));
    const init = form(["recipient", to(somebody())], ["message", asImage()], ["filedata", image()]);
    expect(await errorOf(await knock(SEND, init))).toEqual({ status: 400, ...error });
    expect(calls).toHaveLength(1);
  });
});
