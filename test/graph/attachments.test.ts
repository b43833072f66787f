import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_UPLOAD_BYTES, uploadByUrl, uploadForm } from "../../src/graph/attachments.ts";
import { GraphClient } from "../../src/graph/client.ts";
import { pageId } from "../../src/ids.ts";

const settings = { url: "https://graph.invalid", version: "v25.0", appSecret: "app-secret" };
const graph = new GraphClient(settings, pageId("1001"), "page-token");
const FORM = "multipart/form-data; boundary=b";
afterEach(() => vi.restoreAllMocks());

const stored = () => Response.json({ attachment_id: "1857777774821032" });
const uploaded = { ok: true, value: { attachment_id: "1857777774821032" } };

/** A Graph that reads the whole of what it gets. */
const reading = () =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    await new Response(init?.body ?? null).arrayBuffer();
    return stored();
  });

/** A body that comes in chunks of a megabyte, and counts those that were asked for. */
function megabytes(count: number): { body: ReadableStream<Uint8Array>; given: () => number } {
  let given = 0;
  const chunk = new Uint8Array(1024 * 1024);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given === count) controller.close();
        else {
          given++;
          controller.enqueue(chunk);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return { body, given: () => given };
}

describe("an upload by URL", () => {
  it("lets Meta fetch the file, and gives it the time", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => stored());
    const file = { type: "image", url: "https://cdn.invalid/a.png", isReusable: true } as const;
    expect(await uploadByUrl(graph, file)).toEqual(uploaded);
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("https://graph.invalid/v25.0/1001/message_attachments");
    expect(JSON.parse(String(init?.body))).toMatchObject({
      message: {
        attachment: { type: "image", payload: { url: "https://cdn.invalid/a.png", is_reusable: true } },
      },
    });
    expect(timeout.mock.lastCall?.[0]).toBeGreaterThan(75_000);
  });
});

describe("an upload of a form", () => {
  it("is handed on as it is, with the proof in the query", async () => {
    const fetched = reading();
    const { body } = megabytes(1);
    expect(await uploadForm(graph, body, FORM, 1024 * 1024)).toEqual(uploaded);
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(String(url)).toMatch(/\/1001\/message_attachments\?appsecret_proof=[0-9a-f]{64}$/);
    expect(init?.headers).toEqual({ "content-type": FORM, authorization: "Bearer page-token" });
    expect(init?.body).toBe(body);
  });

  it("goes out while it still comes in", async () => {
    const { body, given } = megabytes(20);
    let afterFirst = 0;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
      const reader = new Response(init?.body ?? null).body?.getReader();
      await reader?.read();
      afterFirst = given();
      while (!(await reader?.read())?.done);
      return stored();
    });
    expect(await uploadForm(graph, body, FORM, undefined)).toEqual(uploaded);
    expect(afterFirst).toBeLessThan(5);
    expect(given()).toBe(20);
  });

  it("that announces too much never starts", async () => {
    const fetched = reading();
    const { body, given } = megabytes(30);
    expect(await uploadForm(graph, body, FORM, MAX_UPLOAD_BYTES + 1)).toMatchObject({ code: "too_large" });
    expect([fetched.mock.calls.length, given()]).toEqual([0, 0]);
  });

  it("that turns out to be too much is cut off there", async () => {
    reading();
    const { body, given } = megabytes(100);
    expect(await uploadForm(graph, body, FORM, undefined)).toMatchObject({ ok: false, code: "too_large" });
    expect(given()).toBeLessThan(30);
  });

  it("may be as large as Meta takes it", async () => {
    reading();
    expect(await uploadForm(graph, megabytes(25).body, FORM, undefined)).toEqual(uploaded);
  });
});
