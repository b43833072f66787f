import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../support/gateway.ts";

const PAGE = "100200300400500";
const URL_OF_CALL = "https://gateway.invalid/attachments.upload";
const BOT = { authorization: "Bearer bot-key-of-the-tests-000001" };
afterEach(() => vi.restoreAllMocks());

const uploadJson = (body: unknown) =>
  exports.default.fetch(
    new Request(URL_OF_CALL, { method: "POST", headers: BOT, body: JSON.stringify(body) }),
  );
const stored = { attachment_id: "1857777774821032" };

describe("an upload by URL", () => {
  it("answers the id under which Meta keeps the file", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(stored));
    const response = await uploadJson({ page_id: PAGE, type: "video", url: "https://cdn.invalid/a.mp4" });
    expect(await response.json()).toEqual(stored);
    expect(JSON.parse(String(fetched.mock.lastCall?.[1]?.body))).toMatchObject({
      message: {
        attachment: { type: "video", payload: { url: "https://cdn.invalid/a.mp4", is_reusable: true } },
      },
    });
  });

  it("says what Meta didn't like about the file", async () => {
    const error = { code: 100, error_subcode: 2018109, message: "Attachment size exceeds allowable limit" };
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ error }, { status: 400 }));
    const response = await uploadJson({ type: "image", url: "https://cdn.invalid/a.png" });
    expect(await response.json()).toMatchObject({
      status: 422,
      code: "attachment",
      detail: "Meta: (#100/2018109) Attachment size exceeds allowable limit",
    });
  });

  it("needs a type that Meta has and a URL", async () => {
    for (const body of [
      { type: "sticker", url: "https://cdn.invalid/a" },
      { type: "image", url: "a.png" },
      {},
    ]) {
      expect(await codeOf(await uploadJson(body))).toEqual([400, "invalid_body"]);
    }
  });
});

describe("an upload by form", () => {
  const form = () => {
    const data = new FormData();
    data.set("message", '{"attachment":{"type":"image","payload":{"is_reusable":true}}}');
    data.set("filedata", new File([new Uint8Array([1, 2, 3])], "a.png", { type: "image/png" }));
    return data;
  };

  it("reaches Meta as it was sent, under the page's token", async () => {
    const got: { url: string; form: FormData; authorization: unknown }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(String(input), init);
      const { url, headers } = request;
      got.push({ url, form: await request.formData(), authorization: headers.get("authorization") });
      return Response.json(stored);
    });
    const response = await exports.default.fetch(
      new Request(`${URL_OF_CALL}?page_id=${PAGE}`, { method: "POST", headers: BOT, body: form() }),
    );
    expect(await response.json()).toEqual(stored);
    const [one] = got;
    expect(one?.url).toMatch(/\/v25\.0\/100200300400500\/message_attachments\?appsecret_proof=/);
    expect(one?.authorization).toBe("Bearer PAGE-TOKEN-OF-TESTS");
    expect(one?.form.get("message")).toBe(form().get("message"));
    const file = one?.form.get("filedata");
    expect(
      file instanceof File && [file.name, file.type, [...new Uint8Array(await file.arrayBuffer())]],
    ).toEqual(["a.png", "image/png", [1, 2, 3]]);
  });

  it("that is too large is refused", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
      await new Response(init?.body ?? null).arrayBuffer();
      return Response.json(stored);
    });
    const chunk = new Uint8Array(1024 * 1024);
    let left = 40;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const headers = { ...BOT, "content-type": "multipart/form-data; boundary=b" };
    const response = await exports.default.fetch(new Request(URL_OF_CALL, { method: "POST", headers, body }));
    expect(await codeOf(response)).toEqual([413, "body_too_large"]);
  });

  it("is of a page that is served here", async () => {
    const request = new Request(`${URL_OF_CALL}?page_id=1`, { method: "POST", headers: BOT, body: form() });
    expect(await codeOf(await exports.default.fetch(request))).toEqual([404, "no_such_page"]);
  });
});

describe("who may upload", () => {
  it("is anyone with a key", async () => {
    const response = await exports.default.fetch(new Request(URL_OF_CALL, { method: "POST", body: "{}" }));
    expect(await codeOf(response)).toEqual([401, "key_required"]);
  });
});
