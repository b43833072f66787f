import { beforeEach, describe, expect, it } from "vitest";
import { freshSimulator, graph, request, TOKEN, threadOf, webhook, write } from "./world.ts";

const USER = "7001";
const hello = (text: string) =>
  new URLSearchParams({
    recipient: JSON.stringify({ id: USER }),
    message: JSON.stringify({ text }),
  }).toString();
const sendOf = (text: string) => ({ method: "POST", relative_url: "me/messages", body: hello(text) });

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("a batch", () => {
  it("is answered call by call, bodies as strings", async () => {
    const batch = [sendOf("one"), { method: "GET", relative_url: "me?fields=name" }, sendOf("")];
    const { body } = await graph("/", { batch });
    expect(body.map((one: { code: number }) => one.code)).toEqual([200, 200, 400]);
    expect(JSON.parse(body[0].body)).toMatchObject({ recipient_id: USER });
    expect(JSON.parse(body[1].body)).toMatchObject({ name: "Sample Page" });
    expect(JSON.parse(body[2].body).error.code).toBe(100);
    expect(body[0].headers).toContainEqual({ name: "facebook-api-version", value: "v25.0" });
    expect((await threadOf(USER)).messages.at(-1).text).toBe("one");
  });

  it("may be a form sent to the bare address, without headers in the answer", async () => {
    const form = new URLSearchParams({
      access_token: TOKEN,
      include_headers: "false",
      batch: JSON.stringify([sendOf("one")]),
    });
    const response = await request("/", { method: "POST", body: form });
    expect(await response.json()).toEqual([{ code: 200, body: expect.stringContaining("message_id") }]);
  });

  it("has 50 calls at most", async () => {
    const batch = Array(51).fill({ method: "GET", relative_url: "me" });
    expect((await graph("/", { batch })).body.error.message).toContain("Maximum batch size is 50");
  });

  it("needs a token as any call does", async () => {
    const { body } = await graph("/", { batch: [sendOf("one")] }, null);
    expect(JSON.parse(body[0].body).error.code).toBe(2500);
  });
});
